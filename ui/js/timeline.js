/** A bay's photos, newest first; two of them can be chosen to be compared. */

import { getJson, showPicture } from "./api.js";
import { icon, make } from "./dom.js";
import { describe } from "./errors.js";
import { momentTag, momentText, percent, whole } from "./format.js";
import { link } from "./router.js";
import { asProblem, isAbort, notice } from "./shell.js";
import { phrases, texts } from "./texts.js";

/** @typedef {import("./types.js").ListedAudit} ListedAudit */

const PAGE = 24;

/** @param {string} store @param {string} bay @param {AbortSignal} signal */
export function timeline(store, bay, signal) {
  const list = make("ul", { class: "timeline" });
  const more = make("button", { type: "button", class: "button", hidden: true }, texts.loadMore);
  const compare = make("a", { class: "button button--primary", hidden: true }, icon("compare"), texts.compareChosen);
  const hint = make("p", { class: "form__hint" }, texts.compareHint);
  /** Oldest choice first; a third takes the place of the first. @type {{audit: ListedAudit, box: HTMLInputElement}[]} */
  let chosen = [];
  let cursor = "";

  /** @param {ListedAudit} audit @param {HTMLInputElement} box */
  const choose = (audit, box) => {
    chosen = chosen.filter((one) => one.box !== box);
    if (box.checked) chosen.push({ audit, box });
    if (chosen.length > 2) {
      const [first] = chosen.splice(0, 1);
      first.box.checked = false;
    }
    compare.hidden = chosen.length !== 2;
    if (compare.hidden) return;
    const [earlier, later] = chosen.map((one) => one.audit).sort((a, b) => a.taken_at.localeCompare(b.taken_at));
    compare.setAttribute("href", link("compare", later.id, earlier.id));
  };

  const load = async () => {
    more.disabled = true;
    try {
      const query = new URLSearchParams({ store, bay, limit: String(PAGE), ...(cursor ? { cursor } : {}) });
      const page = await getJson(`/audits?${query}`, signal);
      cursor = page.next_cursor ?? "";
      more.hidden = !cursor;
      list.append(...page.items.map((/** @type {ListedAudit} */ audit) => entry(audit, choose, signal)));
    } catch (error) {
      if (!isAbort(error)) notice(describe(asProblem(error), false).title, { label: texts.retry, run: () => void load() });
    } finally {
      more.disabled = false;
    }
  };
  more.addEventListener("click", () => void load());
  void load();
  return make(
    "section",
    { class: "section", "aria-labelledby": "timeline-title" },
    make("header", { class: "timeline__head" }, make("h2", { class: "section__title", id: "timeline-title" }, texts.photos), hint, compare),
    list,
    more,
  );
}

/** @param {ListedAudit} audit @param {(audit: ListedAudit, box: HTMLInputElement) => void} choose @param {AbortSignal} signal */
function entry(audit, choose, signal) {
  const { id, taken_at, report } = audit;
  const picture = make("img", { class: "photo-card__picture", alt: "", width: 160, height: 120, loading: "lazy" });
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    seen.disconnect();
    void showPicture(picture, `${audit.image.url}?size=thumbnail`, signal);
  });
  seen.observe(picture);
  const box = make("input", { type: "checkbox", "aria-label": phrases.compareChoose(momentText(taken_at)) });
  box.addEventListener("change", () => choose(audit, box));
  return make(
    "li",
    { class: "photo-card" },
    make(
      "a",
      { class: "photo-card__link", href: link("audits", id) },
      picture,
      make("span", { class: "photo-card__when" }, momentTag(taken_at)),
      make(
        "span",
        { class: "photo-card__facts" },
        [report.fill_rate === null ? "–" : percent(report.fill_rate), phrases.facingsOf(report.facings, null), phrases.gapCount(report.gap_count)].join(" · "),
      ),
    ),
    make("label", { class: "photo-card__choice" }, box),
  );
}

/** The figures of the chart as a table, for those who do not see it. @param {import("./types.js").HistoryPoint[]} points */
export const historyTable = (points) =>
  make(
    "details",
    { class: "shelf__details" },
    make("summary", { class: "shelf__summary" }, texts.trendTable),
    make(
      "div",
      { class: "table-scroll trend__table", tabindex: 0, role: "region", "aria-label": texts.trendTable },
      make(
        "table",
        { class: "table" },
        make(
          "thead",
          {},
          make("tr", {}, ...[texts.auditTaken, texts.fillRate, texts.facings, texts.gaps].map((name) => make("th", { scope: "col" }, name))),
        ),
        make(
          "tbody",
          {},
          ...[...points].reverse().map(({ taken_at, fill_rate, facings, gaps }) =>
            make(
              "tr",
              {},
              make("th", { scope: "row" }, momentText(taken_at)),
              make("td", {}, fill_rate === null ? "–" : percent(fill_rate)),
              make("td", {}, whole(facings)),
              make("td", {}, whole(gaps)),
            ),
          ),
        ),
      ),
    ),
  );
