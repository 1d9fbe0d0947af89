"""What stores share: the cursors of pages, and readers that wait for news."""
