// Follows the machine's light or dark where no choice was made. A file of its own, so that it runs before the first paint.
"use strict";

const wish = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.setAttribute("data-bs-theme", wish.matches ? "dark" : "light");
wish.addEventListener("change", follow);
follow();
