// Follows a card that is being waited for: asks the hub every second until it is decided.

const ASK_MS = 1000;
const panel = document.querySelector("[data-issuing]");

async function ask() {
  try {
    const response = await fetch(panel.dataset.issuing, { redirect: "manual", cache: "no-store" });
    if (response.type === "opaqueredirect") {
      location.reload(); // the session has ended: the hub asks for a login
      return;
    }
    if (response.ok) show(await response.text());
  } catch {
    // No connection: the next question tries again.
  }
  askLater();
}

function askLater() {
  if (panel.querySelector("[data-waiting]")) setTimeout(ask, ASK_MS);
}

function show(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html").body;
  if (fresh.querySelector("[data-waiting]")) {
    panel.querySelector("p").textContent = fresh.querySelector("p").textContent;
    return;
  }
  panel.replaceChildren(...document.adoptNode(fresh).childNodes);
  for (const each of document.querySelectorAll("[data-while-waiting]")) each.remove();
}

askLater();
