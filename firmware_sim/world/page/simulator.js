// The simulator page: draws what the server tells, sends what the viewer does. No state of its own.
import { TEXTS } from "/page/texts.js";

const byId = (id) => document.getElementById(id);
let language = localStorage.getItem("language") === "en" ? "en" : "sl";
let scene = null;
let picture = null;
const places = new Map();
const edges = new Map();

const text = () => TEXTS[language];

async function act(path, body) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    say(answer.ok ? null : text().refused);
  } catch {
    say(text().lost);
  }
}

function say(words) {
  byId("said").hidden = !words;
  byId("said").textContent = words ?? "";
  if (words) setTimeout(() => say(null), 4000);
}

function copy(id) {
  return byId(id).content.firstElementChild.cloneNode(true);
}

function write(element, words) {
  // Unchanged texts stay untouched, so that a screen reader does not repeat them.
  if (element.textContent !== words) element.textContent = words;
}

// Building, once

function buildEdge(edge) {
  const section = copy("edge-template");
  section.querySelector(".power").addEventListener("click", () => {
    act("/power", { edge: edge.name, on: !edges.get(edge.name).latest.power });
  });
  section.querySelector(".cable").addEventListener("click", () => {
    const plugged = edges.get(edge.name).latest.cable === "plugged";
    act("/cable", { edge: edge.name, state: plugged ? "pulled" : "plugged" });
  });
  section.classList.toggle("wide", edge.places.length > 1);
  for (const place of edge.places) section.querySelector(".places").append(buildPlace(place));
  byId("edges").append(section);
  edges.set(edge.name, { section, latest: edge });
}

function buildPlace(place) {
  const article = copy(place.gate ? "gate-template" : "terminal-template");
  const at = place.access_point;
  article.querySelector(".force")?.addEventListener("click", () => act("/force", { access_point: at }));
  article.querySelector(".willing")?.addEventListener("change", (event) => {
    act("/willing", { access_point: at, willing: event.target.checked });
  });
  places.set(at, article);
  return article;
}

function buildPeople() {
  byId("people").replaceChildren(...scene.people.map(buildPerson));
}

function buildPerson(person) {
  const item = document.createElement("li");
  item.id = `person-${person.part}`;
  if (person.part === "stranger") item.className = "stranger";
  if (person.part === "employee") item.className = "staff";
  const name = document.createElement("strong");
  name.textContent = person.name;
  const about = document.createElement("span");
  about.textContent = text().part[person.part] ?? "";
  const who = document.createElement("div");
  who.append(name, about);
  const taps = document.createElement("div");
  taps.className = "taps";
  for (const at of scene.access_points) taps.append(tapButton(person, at));
  item.append(who, taps);
  return item;
}

function tapButton(person, at) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text().placeShort[at] ?? at;
  button.setAttribute("aria-label", text().tapAt(person.name, text().place[at] ?? at));
  button.dataset.tap = `${person.part} ${at}`;
  button.addEventListener("click", () => act("/tap", { access_point: at, part: person.part }));
  return button;
}

// Drawing, with every picture

function draw() {
  if (!picture || !scene) return;
  for (const edge of picture.edges) {
    if (!edges.has(edge.name)) buildEdge(edge);
    drawEdge(edge);
  }
  const tapping = new Set(picture.edges.flatMap((edge) => edge.places.map((place) => place.card)));
  for (const person of scene.people) {
    byId(`person-${person.part}`).classList.toggle("tapping", tapping.has(person.part));
  }
}

function drawEdge(edge) {
  const drawn = edges.get(edge.name);
  drawn.latest = edge;
  const { section } = drawn;
  section.classList.toggle("dark", !edge.power);
  write(section.querySelector("h2"), text().edge[edge.name] ?? edge.name);
  drawSwitch(section.querySelector(".power"), edge.power, text().power[edge.power], text().powerTitle);
  const plugged = edge.cable === "plugged";
  drawSwitch(section.querySelector(".cable"), plugged, text().cable[edge.cable], text().cableTitle);
  for (const place of edge.places) drawPlace(places.get(place.access_point), place, edge);
}

function drawSwitch(button, on, words, titles) {
  write(button, words);
  button.setAttribute("aria-checked", String(on));
  button.title = titles[on];
}

function drawPlace(article, place, edge) {
  write(article.querySelector("h3"), text().place[place.access_point] ?? place.access_point);
  article.classList.toggle("reading", place.card !== null);
  drawDisplay(article.querySelector(".display"), place.display, edge.power);
  if (place.gate) drawGate(article, place.gate);
}

function drawGate(article, gate) {
  article.classList.toggle("green", gate.green);
  article.classList.toggle("walking", Math.abs(gate.angle) > 1);
  article.querySelector(".arms").setAttribute("transform", `rotate(${gate.angle} 158 85)`);
  const way = 150 - (Math.abs(gate.angle) / 120) * 130;
  article.querySelector(".walker").setAttribute("transform", `translate(110 ${way})`);
  write(article.querySelector(".through"), text().through(gate.through));
  write(article.querySelector(".force"), text().force);
  article.querySelector(".willing").checked = gate.willing;
}

function drawDisplay(display, shown, power) {
  display.className = `display ${shown ? (shown.verdict ?? "") : "off"}`;
  write(display.querySelector("strong"), shown ? said(shown.title) || text().ready : text().off);
  write(display.querySelector("span"), shown ? said(shown.remedy) : text().offWhy[power]);
}

function said(words) {
  return words ? (words[language] ?? "") : "";
}

function translate() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = text()[element.dataset.text];
  }
  write(byId("hub"), text().toHub);
  write(byId("language"), text().otherLanguage);
  byId("language").lang = language === "sl" ? "en" : "sl";
  byId("ideas").replaceChildren(
    ...text().ideas.map((words) => Object.assign(document.createElement("li"), { textContent: words })),
  );
  if (scene) buildPeople();
  draw();
}

byId("language").addEventListener("click", () => {
  language = language === "sl" ? "en" : "sl";
  localStorage.setItem("language", language);
  translate();
});

async function start() {
  scene = await (await fetch("/scene")).json();
  byId("site").textContent = scene.site;
  byId("hub").href = scene.hub;
  translate();
  const pictures = new EventSource("/pictures");
  pictures.onmessage = (event) => {
    picture = JSON.parse(event.data);
    write(byId("link"), "");
    if (places.size === 0) {
      draw();
      translate();
    }
    draw();
  };
  pictures.onerror = () => write(byId("link"), text().lost);
}

start();
