"""The page for people, in the browser, from files that are built out of `ui/` and ship with this
package. This wire serves files; what the page shows it requests from the other wires, with the
rights of whoever looks at it.

`wire` is what an app is given; `routes` answers, `places` knows which addresses are the page's,
`files` what lies in the folder, and `documents` writes the HTML.
"""
