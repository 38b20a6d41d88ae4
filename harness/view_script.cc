// What draws the page. `document.documentElement.dataset` tells a test how it went: ready, errors, events,
// and, with #measure in the address, the times of drawing.
#include "harness/view.h"

namespace quern::harness {

const char* const view_script = R"page("use strict";
let errors = 0;
window.addEventListener("error", () => { document.documentElement.dataset.errors = ++errors; });
const data = JSON.parse(document.getElementById("data").textContent);
const canvas = document.getElementById("canvas"), pen = canvas.getContext("2d");
const element = id => document.getElementById(id);
const left = 64, top_ = 26, lane_height = 46, row_height = 13, arrows_max = 6000;
const flights = Int32Array.from(data.flights), flight_count = flights.length / 6;
const lane_of = new Map(data.lanes.map((lane, i) => [lane.name, i]));
const view = { from: 0, until: data.end, down: 0 };
let width = 0, height = 0, filter = "", chosen = null, colours = {}, pending = false;

const FROM = 0, TO = 1, SENT = 2, ARRIVES = 3, KIND = 4, BYTES = 5;
const flight = (i, field) => flights[i * 6 + field];
const kind_name = kind => data.kinds[kind] || "bytes";
const raft_kinds = new Set(["raft", "snapshot_offer", "snapshot_chunk", "snapshot_reply"]);
const request_kinds = new Set(["request", "response", "forward", "forward_reply", "query", "query_reply"]);
const class_of = kind => raft_kinds.has(kind_name(kind)) ? "raft"
    : request_kinds.has(kind_name(kind)) ? "requests" : "rest";
const seconds = us => (us / 1e6).toFixed(6);

function read_colours() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ["back", "ink", "soft", "line", "hot", "panel"]) {
        colours[name] = style.getPropertyValue("--" + name).trim();
    }
    Object.assign(colours, { raft: "#5b7fb4", requests: "#3f9a6c", rest: "#a39c8c", ok: "#3f9a6c",
        fail: "#c98a1b", info: "#a258a8", disk: "#8a6d3b", clock: "#7b61a8", network: "#c98a1b",
        down: "#c2321d" });
}
function band_colour(kind) {
    if (kind === "down" || /kill|power/.test(kind)) return colours.down;
    if (/clock/.test(kind)) return colours.clock;
    if (/disk|write|sync|rot|latent|file/.test(kind) && !/short/.test(kind)) return colours.disk;
    return colours.network;
}

const x_of = us => left + (us - view.from) / (view.until - view.from) * (width - left);
const us_of = x => view.from + (x - left) / (width - left) * (view.until - view.from);
const y_of = lane => top_ + lane * lane_height + lane_height / 2 - view.down;
const lanes_height = () => data.lanes.length * lane_height;

// The first place in 0..count-1 whose time is not before `us`.
function lower_bound(count, time_of, us) {
    let low = 0, high = count;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (time_of(middle) < us) low = middle + 1; else high = middle;
    }
    return low;
}
// Those that were held up for long, so that the others need not be looked for far back.
const swift_us = 10e3, held_up = [];
for (let i = 0; i < flight_count; ++i) {
    if (flight(i, ARRIVES) - flight(i, SENT) > swift_us) held_up.push(i);
}
const shown = { raft: true, requests: true, rest: false, messages: true };
const matches = text => filter === "" || text.toLowerCase().includes(filter);
let kinds_shown = [];
function find_kinds_shown() {
    kinds_shown = [];
    for (const kind of Object.keys(data.kinds)) {
        kinds_shown[kind] = shown[class_of(kind)] &&
            (filter === "" || !Object.values(data.kinds).some(matches) || matches(data.kinds[kind]));
    }
}
const range_of_flights = () => {
    const sent = i => flight(i, SENT);
    return [lower_bound(flight_count, sent, view.from - swift_us),
        lower_bound(flight_count, sent, view.until)];
};
// Those that are shown of what may be seen.
function* shown_flights(first, last) {
    for (const i of held_up) {
        if (i >= first) break;
        if (kinds_shown[flight(i, KIND)] && flight(i, ARRIVES) >= view.from) yield i;
    }
    for (let i = first; i < last; ++i) {
        if (kinds_shown[flight(i, KIND)] && flight(i, ARRIVES) >= view.from) yield i;
    }
}

// --- drawing -----------------------------------------------------------------------------------------

function draw_lanes() {
    pen.font = "12px system-ui, sans-serif";
    pen.textBaseline = "middle";
    data.lanes.forEach((lane, i) => {
        const y = y_of(i);
        pen.strokeStyle = colours.line;
        pen.beginPath(); pen.moveTo(left, y); pen.lineTo(width, y); pen.stroke();
    });
}
function draw_bands() {
    for (const band of data.bands) {
        if (band.until < view.from || band.from > view.until) continue;
        const x = Math.max(left, x_of(band.from)), w = Math.max(2, Math.min(width, x_of(band.until)) - x);
        pen.fillStyle = band_colour(band.kind);
        pen.globalAlpha = band === chosen ? 0.6 : band.kind === "down" ? 0.4 : 0.2;
        for (const name of band.lanes) {
            if (!lane_of.has(name)) continue;
            const y = y_of(lane_of.get(name));
            pen.fillRect(x, y - (band.kind === "down" ? 20 : 16), w, band.kind === "down" ? 40 : 32);
        }
    }
    pen.globalAlpha = 1;
    for (const lead of data.leads) {
        if (lead.until < view.from || lead.from > view.until) continue;
        const x = Math.max(left, x_of(lead.from)), w = Math.min(width, x_of(lead.until)) - x;
        const y = y_of(lead.lane) + 10 + (lead.group % 4) * 3;
        pen.fillStyle = `hsl(${lead.group * 67 + 20} 55% 50%)`;
        pen.fillRect(x, y, Math.max(2, w), 2);
        const shift = lead.group % 4 * 110;
        if (w > shift + 110) pen.fillText(`group ${lead.group} term ${lead.term}`, x + 4 + shift, y_of(lead.lane) + 5);
    }
}
function draw_arrows(first, last) {
    const by_colour = { raft: [], requests: [], rest: [] };
    for (const i of shown_flights(first, last)) by_colour[class_of(flight(i, KIND))].push(i);
    for (const name in by_colour) {
        pen.strokeStyle = pen.fillStyle = colours[name];
        pen.globalAlpha = 0.75;
        pen.beginPath();
        for (const i of by_colour[name]) {
            pen.moveTo(x_of(flight(i, SENT)), y_of(flight(i, FROM)));
            pen.lineTo(x_of(flight(i, ARRIVES)), y_of(flight(i, TO)));
        }
        pen.stroke();
        if (by_colour[name].length > 1500) continue;
        for (const i of by_colour[name]) {
            pen.fillRect(x_of(flight(i, ARRIVES)) - 2, y_of(flight(i, TO)) - 2, 4, 4);
        }
    }
    pen.globalAlpha = 1;
}
// Too many to draw one by one: per lane and pixel, how many set out.
function draw_density(first, last) {
    const columns = Math.max(1, Math.ceil(width - left)), lanes = data.lanes.length;
    const counts = new Uint32Array(columns * lanes);
    const scale = (width - left) / (view.until - view.from);
    let most = 1;
    for (let i = first; i < last; ++i) {
        if (!kinds_shown[flight(i, KIND)]) continue;
        const column = ((flight(i, SENT) - view.from) * scale) | 0;
        if (column < 0 || column >= columns) continue;
        most = Math.max(most, ++counts[flight(i, FROM) * columns + column]);
    }
    pen.fillStyle = colours.raft;
    for (let lane = 0; lane < lanes; ++lane) {
        const y = y_of(lane);
        if (y < -lane_height || y > height + lane_height) continue;
        for (let column = 0; column < columns; ++column) {
            const count = counts[lane * columns + column];
            if (count === 0) continue;
            const tall = 2 + 18 * Math.sqrt(count / most);
            pen.fillRect(left + column, y - tall, 1, tall);
        }
    }
}
function draw_operations() {
    const first = lower_bound(data.operations.length, i => data.operations[i].from, view.from - 60e6);
    for (let i = first; i < data.operations.length; ++i) {
        const op = data.operations[i];
        if (op.from > view.until) break;
        if (op.until < view.from || !matches(op.text)) continue;
        const x = Math.max(left, x_of(op.from)), w = Math.max(2, Math.min(width, x_of(op.until)) - x);
        pen.fillStyle = colours[op.outcome];
        pen.globalAlpha = op === chosen ? 1 : 0.55;
        const y = y_of(lane_of.get(op.lane));
        pen.fillRect(x, y - 5, w, 10);
        if (w > 70) {
            pen.fillStyle = colours.ink; pen.globalAlpha = 1;
            pen.fillText(op.kind, x + 3, y + 13, w - 6);
        }
    }
    pen.globalAlpha = 1;
}
const rows_top = () => top_ + lanes_height() + 18 - view.down;
let rows = data.messages;
const lasted = life => Math.max(life[life.length - 1][0], ...life.map(step => step[3]));
const life_ends = new Map(data.messages.map(m => [m, lasted(m.life)]));
function find_rows() {
    const named = filter !== "" && data.messages.some(m => matches(m.name));
    rows = data.messages.filter(m => m.life[0][0] <= view.until && life_ends.get(m) >= view.from &&
        (!named || matches(m.name)));
}
function draw_messages() {
    if (!shown.messages) return;
    find_rows();
    const top = rows_top();
    const first = Math.max(0, Math.floor((top_ - top) / row_height));
    const last = Math.min(rows.length, Math.ceil((height - top) / row_height));
    for (let i = first; i < last; ++i) {
        const life = rows[i].life, y = top + i * row_height;
        const from = x_of(life[0][0]), until = x_of(life[life.length - 1][0]);
        pen.fillStyle = colours.line;
        pen.fillRect(Math.max(left, from), y + 5, Math.max(1, Math.min(width, until) - Math.max(left, from)), 2);
        for (const [at, what, , lease] of life) {
            const x = x_of(at);
            if (what === "receive" && lease > at) {
                const begin = Math.max(left, x), end = Math.min(width, x_of(lease));
                pen.fillStyle = colours.requests; pen.globalAlpha = 0.35;
                if (end > begin) pen.fillRect(begin, y + 2, end - begin, 8);
                pen.globalAlpha = 1;
            }
            if (x < left || x > width) continue;
            pen.fillStyle = what === "send" ? colours.raft : what === "delete" ? colours.hot
                : what === "receive" ? colours.requests : colours.soft;
            pen.fillRect(x - 1, y + 1, 3, 10);
        }
        pen.fillStyle = colours.soft;
        pen.fillText(rows[i].name, 4, y + 6, left - 8);
    }
}
function draw_frame() {
    for (const v of data.violations) {
        const x = x_of(v.at);
        if (x < left || x > width) continue;
        pen.fillStyle = colours.hot;
        pen.fillRect(x, top_, 1.5, height);
        pen.fillText(v.invariant, x + 4, top_ + 8);
    }
    pen.fillStyle = colours.back;
    pen.fillRect(0, 0, width, top_);
    pen.fillRect(0, top_, left - 4, Math.min(height, lanes_height() + 10 - view.down));
    pen.fillStyle = colours.ink;
    data.lanes.forEach((lane, i) => { if (y_of(i) > top_) pen.fillText(lane.name, 8, y_of(i)); });
    const least = (view.until - view.from) * 95 / (width - left);
    const ten = Math.pow(10, Math.floor(Math.log10(least)));
    const unit = [2, 5, 10].map(n => n * ten).find(n => n >= least);
    pen.fillStyle = colours.soft; pen.strokeStyle = colours.line;
    for (let t = Math.ceil(view.from / unit) * unit; t <= view.until; t += unit) {
        const x = x_of(t);
        pen.fillText((t / 1e6).toFixed(Math.max(0, 6 - Math.floor(Math.log10(unit)))) + " s", x + 3, 13);
        pen.beginPath(); pen.moveTo(x, 6); pen.lineTo(x, top_); pen.stroke();
    }
}
function draw() {
    pending = false;
    pen.fillStyle = colours.back;
    pen.fillRect(0, 0, width, height);
    draw_lanes();
    draw_bands();
    const [first, last] = range_of_flights();
    if (last - first > arrows_max) draw_density(first, last); else draw_arrows(first, last);
    draw_operations();
    draw_messages();
    draw_frame();
}
function redraw() {
    if (!pending) { pending = true; requestAnimationFrame(draw); }
}
function resize() {
    const ratio = window.devicePixelRatio || 1, box = element("stage").getBoundingClientRect();
    width = Math.max(200, box.width); height = Math.max(100, box.height);
    canvas.width = width * ratio; canvas.height = height * ratio;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    redraw();
}
)page"
R"page(
// --- moving about ------------------------------------------------------------------------------------

function zoom(factor, around) {
    const middle = around === undefined ? (view.from + view.until) / 2 : around;
    const span = Math.min(data.end * 1.1 + 1, Math.max(20, (view.until - view.from) * factor));
    const part = (middle - view.from) / (view.until - view.from);
    view.from = middle - span * part;
    view.until = view.from + span;
    move(0);
}
function move(us) {
    const span = view.until - view.from;
    view.from = Math.max(-span / 2, Math.min(data.end - span / 2, view.from + us));
    view.until = view.from + span;
    redraw();
}
function scroll(pixels) {
    const most = lanes_height() + (shown.messages ? rows.length * row_height : 0) + 60 - height;
    view.down = Math.max(0, Math.min(Math.max(0, most), view.down + pixels));
    redraw();
}
canvas.addEventListener("wheel", event => {
    event.preventDefault();
    if (event.shiftKey) return scroll(event.deltaY || event.deltaX);
    zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY / 300))), us_of(event.offsetX));
}, { passive: false });
let drag = null;
canvas.addEventListener("pointerdown", event => {
    drag = { x: event.offsetX, y: event.offsetY, far: 0 };
    canvas.setPointerCapture(event.pointerId);
});
canvas.addEventListener("pointermove", event => {
    if (!drag) return;
    const dx = event.offsetX - drag.x, dy = event.offsetY - drag.y;
    drag.far += Math.abs(dx) + Math.abs(dy);
    drag.x = event.offsetX; drag.y = event.offsetY;
    move(-dx * (view.until - view.from) / (width - left));
    scroll(-dy);
});
canvas.addEventListener("pointerup", event => {
    if (drag && drag.far < 5) choose(event.offsetX, event.offsetY);
    drag = null;
});
canvas.addEventListener("dblclick", event => zoom(0.25, us_of(event.offsetX)));
document.addEventListener("keydown", event => {
    if (event.target === element("filter")) return;
    const span = view.until - view.from;
    const keys = { "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), "0": show_all,
        ArrowLeft: () => move(-span / 5), ArrowRight: () => move(span / 5),
        ArrowUp: () => scroll(-60), ArrowDown: () => scroll(60) };
    if (keys[event.key]) { keys[event.key](); event.preventDefault(); }
});
function show_all() { view.from = 0; view.until = Math.max(1, data.end); redraw(); }
function show_moment(us) {
    const span = Math.min(view.until - view.from, 200e3);
    view.from = us - span / 2; view.until = us + span / 2;
    redraw();
}

// --- details -----------------------------------------------------------------------------------------

function tell(title, text) {
    const head = document.createElement("h2"), body = document.createElement("pre");
    head.textContent = title;
    body.textContent = text;
    element("detail").replaceChildren(head, body);
}
function near_words(lane, us, reach) {
    const first = lower_bound(data.words.length, i => data.words[i][0], us - reach), lines = [];
    for (let i = first; i < data.words.length && data.words[i][0] <= us + reach && lines.length < 40; ++i) {
        const [at, who, text] = data.words[i];
        if (lane === undefined || who === lane) lines.push(`${seconds(at)} ${who} ${text}`);
    }
    return lines.join("\n");
}
function nearest_flight(x, y) {
    const [first, last] = range_of_flights();
    if (last - first > arrows_max * 4) return -1;
    let best = -1, least = 6;
    for (const i of shown_flights(first, last)) {
        const x0 = x_of(flight(i, SENT)), y0 = y_of(flight(i, FROM));
        const x1 = x_of(flight(i, ARRIVES)), y1 = y_of(flight(i, TO));
        const length = (x1 - x0) ** 2 + (y1 - y0) ** 2 || 1;
        const part = Math.max(0, Math.min(1, ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length));
        const far = Math.hypot(x - x0 - part * (x1 - x0), y - y0 - part * (y1 - y0));
        if (far < least) { least = far; best = i; }
    }
    return best;
}
function choose_message(y) {
    const row = rows[Math.floor((y - rows_top()) / row_height)];
    if (!row) return false;
    tell("message " + row.name, row.life.map(([at, what, op, lease]) =>
        `${seconds(at)} ${what}${what === "receive" ? " until " + seconds(lease) : ""}\n    ` +
        data.operations[op].text).join("\n"));
    return true;
}
function choose(x, y) {
    const us = us_of(x), reach = (view.until - view.from) / (width - left) * 5;
    chosen = null;
    if (shown.messages && y > rows_top() && choose_message(y)) return redraw();
    const lane = Math.floor((y - top_ + view.down) / lane_height), name = (data.lanes[lane] || {}).name;
    const op = data.operations.find(o => o.lane === name && o.from <= us + reach && o.until >= us - reach
        && matches(o.text) && Math.abs(y - y_of(lane)) < 9);
    const i = op ? -1 : nearest_flight(x, y);
    if (op) {
        chosen = op;
        tell(`${op.kind}, ${seconds(op.from)} to ${seconds(op.until)} s`, op.text);
    } else if (i >= 0) {
        const from = data.lanes[flight(i, FROM)].name, to = data.lanes[flight(i, TO)].name;
        tell(`${kind_name(flight(i, KIND))} from ${from} to ${to}`,
            `sets out  ${seconds(flight(i, SENT))}\narrives   ${seconds(flight(i, ARRIVES))}\n` +
            `${flight(i, BYTES)} bytes`);
    } else {
        const band = data.bands.find(b => b.lanes.includes(name) && b.from <= us && b.until >= us);
        chosen = band || null;
        tell(band ? band.kind : `${name || ""} at ${seconds(us)} s`,
            (band ? `${seconds(band.from)} to ${seconds(band.until)} s\n${band.text}\n\n` : "") +
            near_words(name, us, Math.max(reach, 1000)));
    }
    redraw();
}

// --- the page ----------------------------------------------------------------------------------------

function begin() {
    read_colours();
    element("title").textContent = `seed ${data.seed}`;
    element("figures").textContent = `${seconds(data.end)} s, ${data.events} events, ${flight_count} flights` +
        (data.left_out ? ` (${data.left_out} more left out)` : "") + `, ${data.operations.length} operations`;
    for (const v of data.violations.slice(0, 5)) {
        const button = document.createElement("button");
        button.className = "violation";
        button.textContent = `${v.invariant} at ${seconds(v.at)}: ${v.text}`;
        button.addEventListener("click", () => {
            show_moment(v.at);
            tell(`${v.invariant} violated at ${seconds(v.at)} s`, v.text + "\n\n" +
                near_words(undefined, v.at, 2000));
        });
        element("violations").append(button, " ");
    }
    for (const name of Object.keys(shown)) {
        element("show-" + name).addEventListener("change", event => {
            shown[name] = event.target.checked;
            find_kinds_shown();
            redraw();
        });
    }
    element("filter").addEventListener("input", event => {
        filter = event.target.value.trim().toLowerCase();
        find_kinds_shown();
        redraw();
    });
    element("in").addEventListener("click", () => zoom(0.5));
    element("out").addEventListener("click", () => zoom(2));
    element("all").addEventListener("click", show_all);
    window.addEventListener("resize", resize);
    find_kinds_shown();
    resize();
    draw();
}
// Zooms through the whole run and back, choosing things on the way.
function measure() {
    const times = [], marks = document.documentElement.dataset;
    for (let i = 0; i < 40; ++i) {
        const begun = performance.now();
        draw();
        pen.getImageData(0, 0, 1, 1);
        times.push(performance.now() - begun);
        choose(left + (width - left) * (i % 10) / 10, top_ + i * 17 % Math.max(1, height));
        if (i < 20) zoom(0.6, data.end * (i % 7) / 7); else zoom(1.7);
    }
    show_all();
    times.sort((a, b) => a - b);
    marks.drawMedianMs = times[20].toFixed(2);
    marks.drawMostMs = times[39].toFixed(2);
}
begin();
if (location.hash === "#measure") measure();
Object.assign(document.documentElement.dataset, { ready: "1", errors: String(errors),
    flights: String(flight_count), operations: String(data.operations.length) });
)page";

}  // namespace quern::harness
