import { Session } from "./session.js";
import uPlot from "./uplot.js";

const HOUR = 3600 * 1000;
const DAY = 24 * HOUR;
const LEAST_WIDTH = 320;
const COLOURS = ["#1f6fb2", "#d1582b", "#2c8a57", "#8a4fa3", "#b0851c", "#3f5163"];

const main = document.querySelector("main");
const status = document.querySelector("#status");
const button = document.querySelector("#sign-in");
const choice = document.querySelector("#choice");
const choices = document.querySelector("#sensors");
const charts = document.querySelector("#charts");
let session = null;
let drawing = 0;

function say(text, failed = false) {
  status.textContent = text;
  status.classList.toggle("error", failed);
}

function fail(error) {
  say(error.message, true);
  button.hidden = false;
}

// Moments are shown and chosen in the viewer's time, and asked for in UTC.
const local = (moment) => new Date(moment - new Date(moment).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
const seconds = (at) => Date.parse(at.length === 13 ? `${at}:00Z` : at) / 1000;

async function listSensors() {
  for await (const said of session.pages("/v1/sensors")) {
    for (const { sensor, name } of said.sensors) {
      const box = Object.assign(document.createElement("input"), { type: "checkbox", name: "sensor", value: sensor });
      const label = document.createElement("label");
      label.append(box, ` ${name}`);
      choices.append(label);
    }
  }
  const first = choices.querySelector("input");
  if (first !== null) first.checked = true;
}

async function series(sensor, step, from, to) {
  const found = { sensor, points: [] };
  for await (const said of session.pages(`/v1/sensors/${encodeURIComponent(sensor)}/readings`, { step, from, to })) {
    Object.assign(found, { name: said.name, unit: said.unit });
    found.points.push(...said.points);
  }
  return found;
}

function draw({ name, unit, points }, step, colour) {
  const section = document.createElement("div");
  section.className = "chart";
  const title = document.createElement("h2");
  title.textContent = `${name} (${unit})`;
  section.append(title);
  charts.append(section);
  if (points.length === 0) {
    const none = document.createElement("p");
    none.textContent = "Nothing was measured in this time.";
    section.append(none);
    return;
  }
  const raw = step === "raw";
  const lines = raw ? [points.map((point) => point.value)] : ["mean", "least", "most"].map((key) => points.map((point) => point[key]));
  const shown = raw ? ["value"] : ["mean", "least", "most"];
  const options = {
    width: Math.max(LEAST_WIDTH, section.clientWidth - 32),
    height: 240,
    series: [
      {},
      ...shown.map((label, index) => ({
        label,
        stroke: index === 0 ? colour : `${colour}88`,
        width: index === 0 ? 2 : 1,
        points: { show: points.length < 60 },
      })),
    ],
    axes: [{}, { size: 64 }],
    bands: raw ? [] : [{ series: [3, 2], fill: `${colour}22` }],
  };
  new uPlot(options, [points.map((point) => seconds(point.at)), ...lines], section);
}

async function show() {
  const mine = ++drawing;
  const asked = new FormData(choice);
  const [from, to] = ["from", "to"].map((name) => new Date(asked.get(name)).toISOString());
  const step = asked.get("step");
  say("Loading …");
  const found = await Promise.all(asked.getAll("sensor").map((sensor) => series(sensor, step, from, to)));
  if (mine !== drawing) return; // something else was chosen meanwhile
  charts.replaceChildren();
  found.forEach((one, index) => draw(one, step, COLOURS[index % COLOURS.length]));
  const count = found.reduce((sum, one) => sum + one.points.length, 0);
  say(`${count} points of ${found.length} sensors`);
}

async function start() {
  const config = await (await fetch("config.json")).json();
  session = await Session.open(config);
  button.addEventListener("click", () => session.signIn().catch(fail));
  if (!(await session.returned())) {
    say("Not signed in");
    button.hidden = false;
    return;
  }
  main.hidden = false;
  const now = Date.now();
  choice.elements.from.value = local(now - DAY);
  choice.elements.to.value = local(now + HOUR);
  choice.addEventListener("change", () => choice.reportValidity() && show().catch(fail));
  choice.addEventListener("submit", (event) => event.preventDefault());
  await listSensors();
  await show();
}

start().catch(fail);
