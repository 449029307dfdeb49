// Keyboard shortcuts of the curation. They only move the focus: no key decides by itself. They can
// be turned off on the page (WCAG 2.1.4), and everything works without this file.
(() => {
  "use strict";
  const KEY = "debouches-touches";
  const help = document.getElementById("raccourcis");
  const box = document.getElementById("touches-actives");
  const stored = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  };
  let active = stored() !== "non";

  if (box) {
    document.querySelector("[data-avec-script]").hidden = false;
    box.checked = active;
    box.addEventListener("change", () => {
      active = box.checked;
      try {
        localStorage.setItem(KEY, active ? "oui" : "non");
      } catch {
        // Storage is closed: the choice holds for this page.
      }
    });
  }

  const rows = () => [...document.querySelectorAll("[data-rang]")];
  const current = () => rows().findIndex((row) => row.contains(document.activeElement));
  const go = (to) => {
    const row = rows()[to];
    if (row) row.querySelector("h2 a").focus();
  };

  const gestures = {
    j: () => go(current() + 1),
    k: () => go(Math.max(current() - 1, 0)),
    x: () => {
      const row = rows()[current()];
      const tick = row && row.querySelector("input[type=checkbox]");
      if (tick) tick.checked = !tick.checked;
    },
    o: () => {
      const row = rows()[current()];
      if (row) row.querySelector("h2 a").click();
    },
    f: () => {
      if (!rows().length) window.location.assign("/curation/file");
    },
    "?": () => {
      if (help) {
        help.open = !help.open;
        help.querySelector("summary").focus();
      }
    },
  };

  document.addEventListener("keydown", (event) => {
    if (!active || !help || event.ctrlKey || event.metaKey || event.altKey) return;
    const within = event.target.closest("input:not([type=checkbox]), select, textarea");
    if (within) return;
    const target = document.querySelector(`[data-touche="${CSS.escape(event.key)}"]`);
    if (target) target.focus();
    else if (gestures[event.key]) gestures[event.key]();
    else return;
    event.preventDefault();
  });
})();
