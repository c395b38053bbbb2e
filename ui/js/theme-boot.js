// A classic script, not a module: it must run before the first paint. theme.js takes over from here.
(() => {
  let stored = null;
  try {
    stored = localStorage.getItem("shelfwatch-theme");
  } catch {
    // Storage may be forbidden; then the system decides.
  }
  const dark = stored ? stored === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
