// Keeps the figures of the first page fresh. Own script, no library: the page is right without it.
"use strict";

const EVERY_MS = 2000;
const PATIENCE_MS = 8000;
const box = document.getElementById("live");
const status = box.querySelector("[data-status]");
const button = box.querySelector("button");
let paused = false;
let timer = 0;

// The status is a live region: it speaks only when the state changes, never with every number.
function say(state) {
  const at = document.querySelector('#figures [data-f="at"]');
  const words = at ? box.dataset[state].replace("{time}", at.textContent) : box.dataset.none;
  box.className = "live " + state;
  if (status.textContent !== words) status.textContent = words;
}

function named(root, attribute) {
  return new Map([...root.querySelectorAll("[" + attribute + "]")].map((node) => [node.getAttribute(attribute), node]));
}

// Changes numbers where they stand, so that focus, an open list and a selection stay; a new shape replaces the whole.
function show(fresh) {
  const old = document.getElementById("figures");
  const before = named(old, "data-f");
  const after = named(fresh, "data-f");
  const same = before.size === after.size && [...after.keys()].every((key) => before.has(key))
    && old.children.length === fresh.children.length;
  if (!same) {
    old.replaceWith(fresh);
    return;
  }
  for (const [key, node] of after) {
    const standing = before.get(key);
    if (standing.textContent !== node.textContent) {
      standing.textContent = node.textContent;
      standing.className = node.className;
      if (key !== "at") flash(standing);
    }
    if (node.dateTime) standing.dateTime = node.dateTime;
  }
  const rows = named(old, "data-c");
  for (const [key, node] of named(fresh, "data-c")) rows.get(key).className = node.className;
}

function flash(node) {
  node.classList.remove("changed");
  void node.offsetWidth; // starts the animation again
  node.classList.add("changed");
}

async function refresh() {
  try {
    const answer = await fetch("/figures", { signal: AbortSignal.timeout(PATIENCE_MS), cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("figures");
    if (!fresh) throw new Error("no figures");
    if (paused) return;
    show(document.adoptNode(fresh));
    say("on");
  } catch {
    if (!paused) say("lost");
  }
}

async function turn() {
  if (!document.hidden && !paused) await refresh();
  wait();
}

function wait() {
  clearTimeout(timer);
  if (!document.hidden && !paused) timer = setTimeout(turn, EVERY_MS);
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (!document.hidden) turn();
});

button.addEventListener("click", () => {
  paused = !paused;
  button.textContent = paused ? button.dataset.resume : button.dataset.pause;
  clearTimeout(timer);
  if (paused) say("paused");
  else turn();
});

button.hidden = false;
say("on");
wait();
