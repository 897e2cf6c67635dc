"use strict";
(function () {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  // A page from a file may have no storage; then the choice lasts as long as the page.
  function remember(theme) {
    try { localStorage.setItem("llmdata-theme", theme); } catch (refused) { return; }
  }
  function recall() {
    try { return localStorage.getItem("llmdata-theme"); } catch (refused) { return null; }
  }
  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : dark.matches;
  }
  function name() {
    button.textContent = isDark() ? "Light theme" : "Dark theme";
  }
  const recalled = recall();
  if (recalled === "dark" || recalled === "light") { root.dataset.theme = recalled; }
  button.addEventListener("click", function () {
    root.dataset.theme = isDark() ? "light" : "dark";
    remember(root.dataset.theme);
    name();
  });
  dark.addEventListener("change", name);
  name();
  button.hidden = false;

  // What a link names is opened, and so is what it lies in.
  function named() {
    try { return decodeURIComponent(location.hash.slice(1)); } catch (malformed) { return ""; }
  }
  function open() {
    let node = document.getElementById(named());
    const target = node;
    for (; node; node = node.parentElement) {
      if (node.tagName === "DETAILS") { node.open = true; }
    }
    if (target) { target.scrollIntoView(); }
  }
  window.addEventListener("hashchange", open);
  open();

  // Examples that hold all the words asked for; what holds such examples is opened.
  const input = document.getElementById("filter");
  const found = document.getElementById("found");
  const examples = Array.from(document.querySelectorAll(".example"));
  input.addEventListener("input", function () {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let matches = 0;
    for (const example of examples) {
      const text = example.textContent.toLowerCase();
      const holds = words.every(function (word) { return text.includes(word); });
      example.hidden = !holds;
      if (holds && words.length) {
        matches += 1;
        const around = example.closest("details");
        if (around) { around.open = true; }
      }
    }
    found.textContent = words.length ? matches + " of " + examples.length + " examples" : "";
  });
  // On a phone what was found lies far below the box.
  input.addEventListener("keydown", function (event) {
    const first = examples.find(function (example) { return !example.hidden && example.checkVisibility(); });
    if (event.key === "Enter" && first) { first.scrollIntoView(); }
  });
  input.closest(".filter").hidden = false;

  // Only what scrolls is a stop of the Tab key; without this script all that may scroll is one.
  const sizes = new ResizeObserver(function (entries) {
    for (const entry of entries) {
      const box = entry.target;
      if (!box.clientWidth) { continue; }  // folded away
      const scrolls = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
      if (scrolls) { box.tabIndex = 0; } else { box.removeAttribute("tabindex"); }
    }
  });
  for (const box of document.querySelectorAll("[role=group][tabindex]")) { sizes.observe(box); }

  // The contents say where the reader is.
  const links = new Map();
  for (const link of document.querySelectorAll("nav li a")) { links.set(link.hash.slice(1), link); }
  const seen = new Set();
  const observer = new IntersectionObserver(function (entries) {
    for (const entry of entries) {
      if (entry.isIntersecting) { seen.add(entry.target.id); } else { seen.delete(entry.target.id); }
    }
    let first = true;
    for (const [id, link] of links) {
      if (seen.has(id) && first) {
        link.setAttribute("aria-current", "location");
        link.closest("ol").scrollLeft = link.offsetLeft - 80;
        first = false;
      }
      else { link.removeAttribute("aria-current"); }
    }
  }, { rootMargin: "-15% 0px -60% 0px" });
  for (const id of links.keys()) { observer.observe(document.getElementById(id)); }
})();
