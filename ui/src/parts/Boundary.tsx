import { Component } from "react";
import type { ReactNode } from "react";
import { Banner } from "./Banner";

/** Shows what broke a view, where React would leave nothing on the screen. */
export class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  state = { error: null as Error | null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <Banner title="This view is broken" onRetry={() => this.setState({ error: null })}>
        {error.message}
      </Banner>
    );
  }
}
