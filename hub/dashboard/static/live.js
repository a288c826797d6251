// Keeps the live page up to date: the hub says that something happened, the page fetches its
// parts as the hub renders them and puts in only what has changed.

const REFRESH_MS_MIN = 250;
const REFRESH_MS_MAX = 15000;
const RETRY_MS = 5000;
const TOLD_ROWS_MAX = 3;
const HINTS_MAX = 50;

const line = document.querySelector("[data-line]");
const told = document.querySelector("[data-told]");
const { liveSource: source, token } = document.querySelector("[data-live-source]").dataset;

// Entries that an edge announced ahead of its backlog; kept until the hub has stored them.
let hints = [];

let refreshing = false;
let wanted = false;
let refreshTimer = 0;
let refreshedAt = 0;

function showLine(state) {
  if (line.dataset.line !== state) line.dataset.line = state;
}

function connect() {
  const events = new EventSource("/api/v1/live");
  events.onopen = () => {
    showLine("open");
    want();
  };
  events.onerror = () => {
    if (events.readyState === EventSource.CLOSED) {
      showLine("lost");
      setTimeout(connect, RETRY_MS);
    } else {
      showLine("waiting");
    }
  };
  events.onmessage = want;
  for (const name of line.dataset.events.split(" ")) events.addEventListener(name, want);
  events.addEventListener("hint", (event) => {
    hints = [...hints, ...JSON.parse(event.data).entries].slice(-HINTS_MAX);
    want();
  });
}

function want() {
  wanted = true;
  // The first event after a quiet time shows at once, many in a row together.
  if (!refreshing) schedule(Math.max(0, refreshedAt + REFRESH_MS_MIN - performance.now()));
}

function schedule(delay) {
  clearTimeout(refreshTimer);
  refreshTimer = setTimeout(refresh, delay);
}

async function refresh() {
  refreshing = true;
  wanted = false;
  try {
    const asked = hints;
    const options = { ...question(asked), redirect: "manual", cache: "no-store" };
    const response = await fetch(source, options);
    if (response.type === "opaqueredirect") {
      location.reload(); // the session has ended: the hub asks for a login
      return;
    }
    if (response.ok) bringUpToDate(await response.text(), asked);
  } catch {
    showLine("lost"); // the next event or the timer tries again
  } finally {
    refreshing = false;
    refreshedAt = performance.now();
    schedule(wanted ? REFRESH_MS_MIN : REFRESH_MS_MAX);
  }
}

function question(asked) {
  if (!asked.length) return {};
  const body = new URLSearchParams({ csrf_token: token, hints: JSON.stringify(asked) });
  return { method: "POST", body };
}

function bringUpToDate(text, asked) {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  // What came meanwhile was not asked for; of the rest only what is still not stored is kept.
  hints = hints.filter((hint) => {
    const row = fresh.getElementById(`e-${hint.edge}-${hint.epoch}-${hint.seq}`);
    return !asked.includes(hint) || row?.hasAttribute("data-hint");
  });
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const shown = document.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!shown) continue;
    if (part.dataset.part === "feed") mergeFeed(shown, part);
    else if (shown.innerHTML !== part.innerHTML) replaceInside(shown, part);
  }
}

function replaceInside(shown, part) {
  const focused = shown.contains(document.activeElement) ? document.activeElement.id : "";
  shown.replaceChildren(...document.adoptNode(part).childNodes);
  if (focused) document.getElementById(focused)?.focus();
}

function mergeFeed(shown, part) {
  const body = shown.querySelector("tbody");
  const freshBody = part.querySelector("tbody");
  if (!body || !freshBody) {
    replaceInside(shown, part);
    return;
  }
  const present = new Map([...body.rows].map((row) => [row.id, row]));
  const arrived = [];
  let before = body.firstElementChild;
  for (const row of [...freshBody.rows]) {
    const old = present.get(row.id);
    present.delete(row.id);
    if (old && old.dataset.state === row.dataset.state) {
      if (old === before) before = before.nextElementSibling;
      else body.insertBefore(old, before);
    } else {
      if (old === before) before = before.nextElementSibling;
      if (!old) {
        row.classList.add("is-new");
        arrived.push(row);
      }
      body.insertBefore(document.adoptNode(row), before);
      old?.remove();
    }
  }
  for (const row of present.values()) row.remove();
  tell(arrived);
}

function tell(rows) {
  const words = rows.slice(0, TOLD_ROWS_MAX).map((row) => row.dataset.says);
  if (words.length) told.textContent = words.reverse().join(". ");
}

line.hidden = false;
connect();
schedule(REFRESH_MS_MAX);
