// What every page of the console loads: its styles, htmx, and the keys of the keyboard. Pages are whole without it.
import "@tabler/core/dist/css/tabler.min.css";
import "./shell.css";
import "./records.css";
import "./people.css";
import "./situation.css";
import "./exchange.css";
import "./proof.css";
import "htmx.org";

const FIELDS = "input, textarea, select, [contenteditable]";

// A field marked with data-shortcut="/" takes the focus when that key is pressed outside of any field.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const from = event.target;
  if (from instanceof Element && from.closest(FIELDS)) return;
  for (const field of document.querySelectorAll<HTMLElement>("[data-shortcut]")) {
    if (field.dataset.shortcut === event.key && field.getClientRects().length > 0) {
      field.focus();
      event.preventDefault();
      return;
    }
  }
});
