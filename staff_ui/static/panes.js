// Fits each screen to its pane: a page as wide as its device, made smaller until it fits.
(() => {
  "use strict";
  const fit = (screen) => {
    const frame = screen.firstElementChild;
    const width = Number(screen.dataset.width);
    const least = Number(screen.dataset.least || 120); // a device that is held upright stays so in a low window
    const scale = Math.min(1, screen.clientWidth / width, Math.max(screen.clientHeight, 300) / least);
    const height = Math.max(screen.clientHeight / scale, least);
    // A pane wider than its device is filled; one that is held upright stays so.
    const wide = Math.max(width, screen.clientWidth / scale);
    frame.style.width = `${screen.dataset.least ? Math.max(width, Math.min(wide, height - 1)) : wide}px`;
    frame.style.height = `${height}px`;
    frame.style.transform = `scale(${scale})`;
  };
  const screens = new ResizeObserver((seen) => seen.forEach((each) => fit(each.target)));
  document.querySelectorAll(".screen").forEach((each) => screens.observe(each));
})();
