// The board on the wall: its clock, and a warning when no new figures arrive. htmx fetches them by itself.
const MISSED = 3;
const SECOND = 1000;

let fetchedAt = Date.now();
document.addEventListener("htmx:after:swap", () => {
  fetchedAt = Date.now();
});

function wall(): HTMLElement | null {
  return document.getElementById("wall");
}

function tick(): void {
  const board = wall();
  if (!board) return;
  const clock = board.querySelector("[data-clock]");
  if (clock) {
    const now = new Date(Date.now() + 7 * 3600 * SECOND).toISOString();
    clock.textContent = `${now.slice(8, 10)}/${now.slice(5, 7)}/${now.slice(0, 4)} ${now.slice(11, 19)}`;
  }
  const every = Number(board.dataset.every ?? "15") * SECOND;
  const missed = Date.now() - fetchedAt > MISSED * every;
  board.classList.toggle("has-missed", missed);
  const said = board.querySelector<HTMLElement>("[data-stale]");
  if (said) said.hidden = !missed;
}

tick();
setInterval(tick, SECOND);
