// Diagrams are shown as their source: the library that draws them is larger than the whole page.
export default {
  initialize() {},
  async render() {
    throw new Error("diagrams are not drawn here");
  },
};
