// Fits each screen to its pane: a page as wide as its device, made smaller until it fits.
(() => {
  "use strict";
  const fit = (screen) => {
    const frame = screen.firstElementChild;
    const width = Number(screen.dataset.width);
    const scale = Math.min(1, screen.clientWidth / width);
    frame.style.width = `${width}px`;
    frame.style.height = `${Math.max(screen.clientHeight / scale, 200)}px`;
    frame.style.transform = `scale(${scale})`;
  };
  const screens = new ResizeObserver((seen) => seen.forEach((each) => fit(each.target)));
  document.querySelectorAll(".screen").forEach((each) => screens.observe(each));
})();
