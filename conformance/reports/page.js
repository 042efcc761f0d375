"use strict";
(() => {
  const cases = [...document.querySelectorAll("tbody.case")];
  const form = document.querySelector(".filter");
  const search = document.getElementById("search");
  const boxes = [...form.querySelectorAll("input[type=checkbox]")];
  const counted = document.getElementById("counted");
  const texts = new Map(cases.map((each) => [each, each.dataset.text + " " + each.querySelector("tr.row").textContent.toLowerCase()]));

  const expand = (each, open) => {
    each.querySelector("tr.more").hidden = !open;
    each.querySelector("button.id").setAttribute("aria-expanded", String(open));
  };

  const filter = () => {
    const wanted = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const each of cases) {
      const fits = wanted.has(each.dataset.verdict) && words.every((word) => texts.get(each).includes(word));
      each.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    counted.textContent = `${shown} of ${cases.length} shown`;
  };

  const fields = (button) => {
    const row = button.closest("tr");
    const open = row.nextElementSibling;
    if (open && open.classList.contains("decoded")) {
      open.remove();
      button.setAttribute("aria-expanded", "false");
      return;
    }
    const made = document.createElement("tr");
    made.className = "decoded";
    const cell = document.createElement("td");
    cell.colSpan = 3;
    cell.append(document.getElementById(button.dataset.octets).content.cloneNode(true));
    made.append(cell);
    row.after(made);
    button.setAttribute("aria-expanded", "true");
  };

  const follow = () => {
    const hash = decodeURIComponent(location.hash.slice(1));
    if (hash.startsWith("cell=")) {
      search.value = hash.slice(5);
      for (const box of boxes) box.checked = true;
      filter();
      document.getElementById("cases").scrollIntoView();
      return;
    }
    const each = hash && document.getElementById(hash);
    if (each && each.classList.contains("case")) {
      each.hidden = false;
      expand(each, true);
      for (const other of cases) other.classList.toggle("meant", other === each);
      each.scrollIntoView();
    }
  };

  for (const each of cases) expand(each, false);
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", filter);
  document.getElementById("open").addEventListener("click", () => cases.forEach((each) => each.hidden || expand(each, true)));
  document.getElementById("shut").addEventListener("click", () => cases.forEach((each) => expand(each, false)));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.classList.contains("id")) {
      const each = button.closest("tbody");
      expand(each, each.querySelector("tr.more").hidden);
    } else if (button.dataset.octets) {
      fields(button);
    } else if (button.classList.contains("copy")) {
      navigator.clipboard.writeText(button.previousElementSibling.textContent);
    }
  });
  if (!navigator.clipboard) for (const button of document.querySelectorAll("button.copy")) button.remove();
  addEventListener("hashchange", follow);
  filter();
  follow();
})();
