# Copyright: gitpod.enterprise_runner contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page does with scripts allowed: copy values, filter runners, open the one that is jumped to.

Everything can be read without. The page's policy allows this script by its hash, and no other.
"""

from __future__ import annotations

SCRIPT = r"""
(function () {
  "use strict";
  var page = document, all = function (what) { return Array.prototype.slice.call(page.querySelectorAll(what)); };
  page.documentElement.classList.add("js");

  function selected(text) {
    var area = page.createElement("textarea");
    area.value = text;
    area.setAttribute("aria-hidden", "true");
    area.style.position = "fixed";
    area.style.opacity = "0";
    page.body.appendChild(area);
    area.select();
    var done = page.execCommand("copy");
    page.body.removeChild(area);
    return done ? Promise.resolve() : Promise.reject(new Error("refused"));
  }

  function copy(text) {
    if (!navigator.clipboard) { return selected(text); }
    return navigator.clipboard.writeText(text).catch(function () { return selected(text); });
  }

  function told(button, word, done) {
    var label = button.querySelector("span"), before = button.dataset.label || label.textContent;
    button.dataset.label = before;
    label.textContent = word;
    button.classList.toggle("done", done);
    setTimeout(function () { label.textContent = before; button.classList.remove("done"); }, 1600);
  }

  page.addEventListener("click", function (event) {
    var button = event.target.closest("button[data-copy]");
    if (button) {
      copy(button.dataset.copy).then(function () { told(button, "Copied", true); },
        function () { told(button, "Select it", false); });
    }
  });

  function show() {
    var target = location.hash && page.getElementById(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") { target.open = true; target.scrollIntoView(); }
  }
  window.addEventListener("hashchange", show);
  page.addEventListener("click", function (event) {
    var link = event.target.closest("a[href^='#runner-']");
    if (link && link.hash === location.hash) { show(); }
  });
  show();

  var field = page.getElementById("filter");
  if (field) {
    field.addEventListener("input", function () {
      var words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      all("[data-words]").forEach(function (entry) {
        entry.hidden = !words.every(function (word) { return entry.dataset.words.indexOf(word) >= 0; });
      });
      page.getElementById("unmatched").hidden = all("tr[data-words]").some(function (row) { return !row.hidden; });
    });
  }

  // Paper has nothing to click: what needs attention is on it, whatever was folded on screen.
  var folded = [];
  window.addEventListener("beforeprint", function () {
    folded = all("details.runner.attention:not([open])");
    folded.forEach(function (entry) { entry.open = true; });
  });
  window.addEventListener("afterprint", function () { folded.forEach(function (entry) { entry.open = false; }); });

  var toggle = page.getElementById("toggle");
  if (toggle) {
    toggle.addEventListener("click", function () {
      var open = all("details.runner").some(function (entry) { return !entry.open; });
      all("details.runner").forEach(function (entry) { entry.open = open; });
      toggle.querySelector("span").textContent = open ? "Close all" : "Open all";
    });
  }
})();
"""
