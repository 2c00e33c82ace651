// Returns the texts of a page whose contrast with what is behind them is below 4.5 (WCAG 2.2, 1.4.3).
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

  function rgba(css) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = css;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  }

  function luminance(colour) {
    const [red, green, blue] = colour.slice(0, 3).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  // A gradient is as bad as its worst stop.
  function behind(node) {
    for (; node; node = node.parentElement) {
      const style = getComputedStyle(node);
      const stops = style.backgroundImage.match(/rgb\([^)]*\)/g);
      if (stops) return stops.map(rgba);
      const colour = rgba(style.backgroundColor);
      if (colour[3] === 255) return [colour];
    }
    return [[255, 255, 255, 255]];
  }

  const weak = [];
  for (const node of document.querySelectorAll("body *")) {
    const speaks = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!speaks || !node.checkVisibility() || node.closest("svg")) continue;
    const text = luminance(rgba(getComputedStyle(node).color));
    for (const colour of behind(node)) {
      const back = luminance(colour);
      const ratio = (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
      if (ratio < 4.5) weak.push(`${node.textContent.trim()} ${ratio.toFixed(2)}`);
    }
  }
  return weak;
}
