// Keeps what people opened and where they stood in the filters when htmx updates them, and
// falls back on an ordinary page load when an update fails. Everything works without this file.
(() => {
  "use strict";
  let open = new Map();
  let focused = "";

  document.addEventListener("htmx:beforeSwap", () => {
    const panels = document.querySelectorAll("#facettes details[id]");
    open = new Map([...panels].map((panel) => [panel.id, panel.open]));
    focused = document.activeElement ? document.activeElement.id : "";
  });

  document.addEventListener("htmx:afterSettle", () => {
    for (const [id, state] of open) {
      const panel = document.getElementById(id);
      if (panel) panel.open = state;
    }
    const field = focused && document.getElementById(focused);
    if (field && field !== document.activeElement) field.focus({ preventScroll: true });
  });

  const reload = () => document.getElementById("recherche").submit();
  document.addEventListener("htmx:responseError", reload);
  document.addEventListener("htmx:sendError", reload);
})();
