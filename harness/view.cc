#include "harness/view.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace quern::harness {

namespace {

using nlohmann::json;

int64_t us(int64_t ns) { return ns / 1'000; }

json lanes_of(const RunRecord& record) {
    json lanes = json::array();
    for (const std::string& name : record.machines) {
        lanes.push_back({{"name", name},
                         {"kind", name[0] == 'c' ? "client" : name[0] == 'b' ? "balancer" : "storage"}});
    }
    return lanes;
}

// Six numbers each: from, to, set out, arrives, kind, bytes.
json flights_of(const RunRecord& record) {
    json flat = json::array();
    for (const RunRecord::Flight& f : record.flights) {
        for (const int64_t n : {int64_t{f.from}, int64_t{f.to}, us(f.sent_ns), us(f.arrives_ns),
                                int64_t{f.kind}, int64_t{f.bytes}}) {
            flat.push_back(n);
        }
    }
    return flat;
}

json kinds_of(const RunRecord& record) {
    json kinds = json::object();
    for (const RunRecord::Flight& f : record.flights) {
        kinds[std::to_string(f.kind)] = frame_kind_name(f.kind);
    }
    return kinds;
}

json bands_of(const RunRecord& record) {
    json bands = json::array();
    for (const RunRecord::Down& down : record.downs) {
        bands.push_back({{"lanes", json::array({record.machines[down.machine]})}, {"from", us(down.from_ns)},
                         {"until", us(down.until_ns)}, {"kind", "down"}, {"text", "not running"}});
    }
    const int64_t begun = record.result.begun_ns;
    for (const sim::Fault& fault : record.plan.faults.faults) {
        std::vector<std::string> lanes = fault.a;
        lanes.insert(lanes.end(), fault.b.begin(), fault.b.end());
        const int64_t until = std::min(begun + fault.end().ns, record.result.simulated_ns);
        bands.push_back({{"lanes", lanes}, {"from", us(begun + fault.at.ns)}, {"until", us(until)},
                         {"kind", sim::fault_kind_name(fault.kind)}, {"text", fault.to_string()}});
    }
    return bands;
}

json leads_of(const RunRecord& record) {
    json leads = json::array();
    for (const RunRecord::Lead& lead : record.leads) {
        int64_t until = record.result.simulated_ns;
        for (const RunRecord::Lead& next : record.leads) {
            if (next.group == lead.group && next.from_ns > lead.from_ns) {
                until = next.from_ns;
                break;
            }
        }
        leads.push_back({{"lane", lead.machine}, {"group", lead.group}, {"term", lead.term},
                         {"from", us(lead.from_ns)}, {"until", us(until)}});
    }
    return leads;
}

json operations_of(const RunRecord& record) {
    json operations = json::array();
    for (const Operation& op : record.history.operations) {
        const int64_t until = op.returned() ? op.returned_ns : record.result.simulated_ns;
        operations.push_back({{"lane", "c" + std::to_string(op.client)}, {"from", us(op.invoked_ns)},
                              {"until", us(until)}, {"kind", op_kind_name(op.kind)},
                              {"outcome", op_outcome_name(op.returned() ? op.outcome : OpOutcome::info)},
                              {"text", to_string(op)}});
    }
    return operations;
}

// Each message: its name and what happened to it: time, word, number of the operation, end of the lease.
json messages_of(const RunRecord& record) {
    std::map<std::pair<std::string, uint64_t>, json> lives;
    auto add = [&](const Operation& op, uint64_t seq, const char* what, size_t number, int64_t until) {
        auto& life = lives[{op.queue, seq}];
        if (life.is_null()) life = json::array();
        life.push_back({us(op.returned() ? op.returned_ns : op.invoked_ns), what, number, until});
    };
    const auto& all = record.history.operations;
    for (size_t i = 0; i < all.size(); ++i) {
        const Operation& op = all[i];
        for (const SentMessage& m : op.sent) {
            if (op.ok() && m.error == ErrorCode::ok) add(op, m.seq.value, "send", i, 0);
        }
        for (const SeenMessage& m : op.seen) {
            const int64_t lease_ms = std::max<int64_t>(0, m.leased_until.ms - op.at.time.ms);
            const bool peek = op.kind == OpKind::peek;
            add(op, m.seq.value, peek ? "peek" : "receive", i,
                peek ? 0 : us(op.returned_ns) + lease_ms * 1'000);
        }
        for (const ReceiptUse& use : op.receipts) {
            add(op, use.receipt.seq.value, op.kind == OpKind::remove ? "delete" : "change", i, 0);
        }
    }
    json messages = json::array();
    for (auto& [key, life] : lives) {
        messages.push_back({{"name", key.first + "/" + std::to_string(key.second)}, {"life", life}});
    }
    return messages;
}

json words_of(const RunRecord& record) {
    json words = json::array();
    for (const RunRecord::Word& word : record.words) {
        if (word.who == "client") continue;  // its operations are there
        words.push_back({us(word.at_ns), word.who, word.text});
    }
    return words;
}

}  // namespace

std::string view_page(const RunRecord& record) {
    json violations = json::array();
    for (const Violation& v : record.result.violations) {
        violations.push_back({{"invariant", v.invariant}, {"at", us(v.at_ns)}, {"text", v.text}});
    }
    const json data = {{"seed", record.plan.seed},
                       {"plan", record.plan.to_short_string()},
                       {"end", us(record.result.simulated_ns)},
                       {"events", record.result.events},
                       {"left_out", record.flights_left_out},
                       {"lanes", lanes_of(record)},
                       {"flights", flights_of(record)},
                       {"kinds", kinds_of(record)},
                       {"bands", bands_of(record)},
                       {"leads", leads_of(record)},
                       {"operations", operations_of(record)},
                       {"messages", messages_of(record)},
                       {"words", words_of(record)},
                       {"violations", violations}};
    std::string text = data.dump(-1, ' ', true, json::error_handler_t::replace);
    // Nothing in the data may end the script that holds it.
    for (size_t at = 0; (at = text.find("</", at)) != std::string::npos; at += 3) {
        text.replace(at, 2, "<\\/");
    }
    return view_head + std::string("<script type=\"application/json\" id=\"data\">") + text +
           "</script>\n<script>\n" + view_script + "</script>\n</body>\n</html>\n";
}

}  // namespace quern::harness
