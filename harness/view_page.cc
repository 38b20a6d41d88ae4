// The page around the drawing.
#include "harness/view.h"

namespace quern::harness {

const char* const view_head = R"page(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A run of Quern</title>
<style>
:root { --back: #fbfaf7; --ink: #24231f; --soft: #8b877c; --line: #dedad0; --hot: #c2321d; --panel: #f2efe7; }
@media (prefers-color-scheme: dark) {
    :root { --back: #1b1b19; --ink: #e8e5dc; --soft: #918d82; --line: #393833; --hot: #ff6a52; --panel: #252522; }
}
* { box-sizing: border-box; }
html, body { margin: 0; height: 100%; background: var(--back); color: var(--ink);
    font: 13px/1.45 system-ui, sans-serif; }
body { display: flex; flex-direction: column; }
header { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: center; padding: 8px 12px;
    border-bottom: 1px solid var(--line); }
header strong { font-size: 15px; }
header label { color: var(--soft); white-space: nowrap; }
input[type=search] { width: 16em; padding: 3px 7px; border: 1px solid var(--line); border-radius: 4px;
    background: var(--panel); color: inherit; font: inherit; }
button { padding: 3px 9px; border: 1px solid var(--line); border-radius: 4px; background: var(--panel);
    color: inherit; font: inherit; cursor: pointer; }
button.violation { border-color: var(--hot); color: var(--hot); max-width: 46em; overflow: hidden;
    text-overflow: ellipsis; white-space: nowrap; }
main { flex: 1; min-height: 0; display: flex; }
#stage { flex: 1; min-width: 0; position: relative; overflow: hidden; }
canvas { position: absolute; inset: 0; width: 100%; height: 100%; touch-action: none; cursor: crosshair; }
aside { width: 340px; overflow: auto; padding: 10px 12px; border-left: 1px solid var(--line);
    background: var(--panel); }
aside h2 { margin: 0 0 6px; font-size: 13px; }
aside pre { margin: 0 0 12px; white-space: pre-wrap; overflow-wrap: anywhere;
    font: 12px/1.4 ui-monospace, monospace; }
@media (max-width: 800px) { main { flex-direction: column; } aside { width: auto; height: 32%; border: 0; } }
</style>
</head>
<body>
<header>
<strong id="title"></strong><span id="figures"></span>
<input type="search" id="filter" placeholder="filter: raft, c3#17, q0/5, leader …" aria-label="filter">
<label><input type="checkbox" id="show-raft" checked> raft</label>
<label><input type="checkbox" id="show-requests" checked> requests</label>
<label><input type="checkbox" id="show-rest"> pings and bytes</label>
<label><input type="checkbox" id="show-messages" checked> lives of messages</label>
<button id="in" title="+">zoom in</button><button id="out" title="-">zoom out</button>
<button id="all" title="0">all</button>
<span id="violations"></span>
</header>
<main>
<div id="stage"><canvas id="canvas" tabindex="0" aria-label="the run over time"></canvas></div>
<aside id="detail"><h2>Nothing chosen</h2>
<pre>wheel: zoom   drag: move   click: details
shift + wheel: up and down   + - 0 arrows: the same by keys</pre></aside>
</main>
)page";

}  // namespace quern::harness
