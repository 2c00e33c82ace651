// Returns what a page says: its width, its headings, the entries of its side bar, and every text and label once.
() => {
  const root = document.documentElement;
  const said = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.parentElement.closest("script, style, textarea, pre, code, [lang=en], [translate=no]"))
      said.add(node.textContent.replace(/\s+/g, " ").trim());
  }
  for (const node of document.querySelectorAll("[aria-label], [placeholder], [title], [alt]")) {
    for (const name of ["aria-label", "placeholder", "title", "alt"]) {
      if (node.hasAttribute(name) && !node.closest("[lang=en]")) said.add(node.getAttribute(name).trim());
    }
  }
  said.delete("");
  return {
    fits: root.scrollWidth <= root.clientWidth,
    headings: document.querySelectorAll("h1").length,
    entries: [...document.querySelectorAll("#sidebar li a")].map((link) => link.getAttribute("href")),
    here: document.querySelectorAll("#sidebar [aria-current=page]").length,
    said: [document.title, ...said],
  };
}
