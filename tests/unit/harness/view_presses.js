// Put after the page's own script by view_browser_test.cc: turns the wheel, types, presses and drags with events
// as a browser makes them, and notes what is drawn and told. The notes become the text of an element that the
// test reads; what they must say stands in the test.
"use strict";
(() => {
const notes = {};
const page_box = () => canvas.getBoundingClientRect();

// --- what a drawing holds ----------------------------------------------------------------------------

let heard = null;
for (const [name, note] of Object.entries({
    fillText: text => heard.words.push(String(text)),
    fillRect: (x, y, wide, tall) => {
        heard.fills[pen.fillStyle] = (heard.fills[pen.fillStyle] || 0) + 1;
        // Operations alone are drawn so high and so pale.
        if (tall === 10 && Math.abs(pen.globalAlpha - 0.55) < 0.01) ++heard.operations;
    },
    moveTo: () => { heard.lines[pen.strokeStyle] = (heard.lines[pen.strokeStyle] || 0) + 1; },
})) {
    const real = pen[name];
    pen[name] = function (...values) {
        if (heard) note(...values);
        return real.apply(pen, values);
    };
}
// What was done since the last one must have asked for it.
function drawing() {
    if (!pending) throw new Error("nothing asked for a drawing");
    heard = { words: [], fills: {}, lines: {}, operations: 0 };
    draw();
    const all = heard;
    heard = null;
    const message_names = new Set(data.messages.map(m => m.name));
    return {
        from: view.from, until: view.until,
        ticks: all.words.filter(w => / s$/.test(w)),
        terms: all.words.filter(w => /^group \d+ term \d+$/.test(w)),
        messages: all.words.filter(w => message_names.has(w)),
        lanes: all.words.filter(w => lane_of.has(w)),
        violations: all.words.filter(w => data.violations.some(v => v.invariant === w)),
        bands: Object.fromEntries(["down", "clock", "disk", "network"].map(n => [n, all.fills[colours[n]] || 0])),
        operations: all.operations, rows: rows.length,
        arrows: Object.fromEntries(["raft", "requests", "rest"].map(n => [n, all.lines[colours[n]] || 0])),
    };
}
const told = () => ({ title: element("detail").querySelector("h2").textContent,
    text: element("detail").querySelector("pre").textContent });

// --- hands -------------------------------------------------------------------------------------------

const at = (x, y) => ({ clientX: page_box().left + x, clientY: page_box().top + y, bubbles: true,
    cancelable: true, pointerId: 1, button: 0 });
function wheel(x, y, delta, shift) {
    canvas.dispatchEvent(new WheelEvent("wheel", { ...at(x, y), deltaY: delta, shiftKey: !!shift }));
}
function press(x, y) {
    canvas.dispatchEvent(new PointerEvent("pointerdown", at(x, y)));
    canvas.dispatchEvent(new PointerEvent("pointerup", at(x, y)));
    drawing();
    return told();
}
function drag(x, y, to_x, to_y) {
    canvas.dispatchEvent(new PointerEvent("pointerdown", at(x, y)));
    canvas.dispatchEvent(new PointerEvent("pointermove", at((x + to_x) / 2, (y + to_y) / 2)));
    canvas.dispatchEvent(new PointerEvent("pointermove", at(to_x, to_y)));
    canvas.dispatchEvent(new PointerEvent("pointerup", at(to_x, to_y)));
}
function type(text) {
    element("filter").value = text;
    element("filter").dispatchEvent(new InputEvent("input", { bubbles: true }));
}
function key(name) {
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
}
const click = id => element(id).click();
// Turns the wheel over a moment until so much of the run is seen, with the moment in the middle.
function go_to(us, span) {
    click("all");
    for (let i = 0; i < 100 && view.until - view.from > span * 1.5; ++i) {
        wheel(x_of(us), 40, -300);
        drag(x_of(us), 40, (left + width) / 2, 40);
    }
    return drawing();
}

// --- what is tried -----------------------------------------------------------------------------------

function try_zoom() {
    click("all");
    notes.all = drawing();
    const x = left + (width - left) / 4, moment = us_of(x);
    wheel(x, 100, -300);
    notes.wheel = { ...drawing(), moment, under_cursor: us_of(x) };
    click("in");
    notes.zoomed_in = drawing();
    click("out");
    notes.zoomed_out = drawing();
    drag(500, 100, 400, 100);
    notes.dragged = { ...drawing(), by: 100 * (view.until - view.from) / (width - left) };
    canvas.dispatchEvent(new MouseEvent("dblclick", at(500, 100)));
    notes.double_click = drawing();
    key("0");
    notes.all_again = drawing();
}
// In the midst of the run, where arrows are drawn one by one.
function try_filter() {
    const middle = data.operations[data.operations.length >> 1];
    notes.before = go_to(middle.from, data.end / 100);
    const name = rows[0].name;
    type(name);
    notes.few_messages = { name, ...drawing() };
    type(middle.text.split(" ")[0]);
    notes.one_operation = drawing();
    type("no such thing anywhere");
    notes.nothing = drawing();
    type("forward_reply");
    notes.one_kind = drawing();
    type("");
    notes.after = drawing();
    click("show-raft");
    notes.without_raft = drawing();
    click("show-requests");
    notes.without_requests = drawing();
    click("show-messages");
    notes.without_messages = drawing();
    for (const id of ["show-raft", "show-requests", "show-messages"]) click(id);
    notes.ticked_again = drawing();
    click("show-rest");
    notes.with_rest = drawing();
    click("show-rest");
    drawing();
}
function press_operation() {
    const number = data.operations.length >> 1, op = data.operations[number];
    go_to((op.from + op.until) / 2, Math.max(40, (op.until - op.from) * 4));
    notes.operation = { number, ...press(x_of((op.from + op.until) / 2), y_of(lane_of.get(op.lane))) };
}
function press_arrow() {
    let number = flight_count >> 1;
    const apart = i => Math.abs(flight(i, FROM) - flight(i, TO));
    while (kind_name(flight(number, KIND)) !== "raft" || apart(number) !== 1) ++number;
    const middle = (flight(number, SENT) + flight(number, ARRIVES)) / 2;
    go_to(middle, (flight(number, ARRIVES) - flight(number, SENT)) * 3);
    const y = (y_of(flight(number, FROM)) + y_of(flight(number, TO))) / 2;
    notes.arrow = { number, ...press(x_of(middle), y) };
}
// Where nothing flies, or an arrow would be nearer.
function press_band() {
    const number = data.bands.findIndex(band => band.kind === "down");
    const band = data.bands[number];
    let moment = band.from + 1, reach = 40;
    const flies = us => {
        for (let i = 0; i < flight_count; ++i) {
            if (flight(i, SENT) <= us + reach && flight(i, ARRIVES) >= us - reach) return true;
        }
        return false;
    };
    while (moment < band.until && flies(moment)) moment += 2 * reach;
    go_to(moment, reach);
    notes.band = { number, ...press(x_of(moment), y_of(lane_of.get(band.lanes[0])) + 14) };
}
function press_message() {
    click("all");
    drawing();
    for (let i = 0; i < 100 && rows_top() > height / 2; ++i) { wheel(300, 100, 200, true); drawing(); }
    const row = 3, name = rows[row].name;
    notes.message = { name, operations: rows[row].life.map(step => step[2]),
        ...press(300, rows_top() + row * row_height + 5) };
}
function press_violation() {
    click("all");
    element("violations").querySelector("button").click();
    notes.violation = { ...told(), drawing: drawing() };
}

for (const attempt of [try_zoom, try_filter, press_operation, press_arrow, press_band, press_message,
    press_violation]) {
    try { attempt(); } catch (error) { notes.failed = `${attempt.name}: ${error.message}`; break; }
}
notes.errors = errors;
const paper = document.createElement("script");
paper.type = "application/json";
paper.id = "notes";
paper.textContent = JSON.stringify(notes).replaceAll("</", "<\\/");
document.body.append(paper);
})();
