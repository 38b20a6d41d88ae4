// Writes a good input or a few for every fuzz target: FOLDER/TARGET/good_N.
#include <filesystem>
#include <fstream>
#include <string>

#include "system/base/checksum.h"
#include "system/queue/receipt.h"
#include "system/raft/raft.h"
#include "system/storage/superblock.h"
#include "system/wire/handshake.h"
#include "tests/unit/metadata/catalogue_fixture.h"
#include "tests/unit/queue/group_fixture.h"
#include "tests/unit/wire/samples.h"

namespace quern {
namespace {

using wire::samples::Arena;

class Corpus {
public:
    explicit Corpus(std::filesystem::path folder) : folder_(std::move(folder)) {}

    void add(const std::string& target, std::string_view bytes) {
        std::filesystem::create_directories(folder_ / target);
        const std::string name = "good_" + std::to_string(counts_[target]++);
        std::ofstream(folder_ / target / name, std::ios::binary) << bytes;
    }
    // Head length in units of eight, as request_fuzz.cc and raft_message_fuzz.cc read it.
    void add(const std::string& target, const wire::Encoded& encoded) {
        const size_t units = (encoded.head.size() + 7) / 8;
        add(target, std::string{static_cast<char>(units >> 8), static_cast<char>(units)} +
                        wire::samples::flat(encoded));
    }

private:
    std::filesystem::path folder_;
    std::map<std::string, int> counts_;
};

void add_messages(Corpus& corpus, Prng& prng) {
    Arena arena;
    for (size_t i = 0; i < wire::samples::operation_count; ++i)
        corpus.add("request", encode(wire::samples::request(prng, i, arena)));
    for (size_t i = 0; i < wire::samples::response_count; ++i)
        corpus.add("request", encode(wire::samples::response(prng, i)));
    for (size_t i = 0; i < 3; ++i)
        corpus.add("raft_message", encode_raft(wire::samples::raft_messages(prng, i * 2 + 1)));
    for (size_t i = 0; i < wire::samples::query_count; ++i)
        corpus.add("raft_message", encode(wire::samples::query(prng, i)));
    for (size_t i = 0; i < wire::samples::answer_count; ++i)
        corpus.add("raft_message", encode(wire::samples::query_reply(prng, i)));
}

void add_commands(Corpus& corpus, Prng& prng) {
    Arena arena;
    for (size_t i = 1; i <= 4; ++i) {
        const auto commands = wire::samples::commands(prng, i * 2, arena);
        corpus.add("command_batch", wire::encode_commands(ClusterTime{1000}, commands).text());
    }
    std::vector<metadata::Command> all;
    for (size_t i = 0; i < wire::samples::metadata_command_count; ++i)
        all.push_back(wire::samples::metadata_command(prng, i));
    corpus.add("command_batch", wire::encode_metadata_commands(ClusterTime{1000}, all).text());
}

void add_frames(Corpus& corpus, Prng& prng) {
    wire::Hello hello;
    hello.software = "quern 1";
    wire::HelloReply reply;
    reply.version = 1;
    wire::Authenticate proof;
    proof.name = "ann";
    const std::pair<wire::FrameKind, BufferChain> frames[] = {
        {wire::FrameKind::hello, encode(hello)},
        {wire::FrameKind::hello_reply, encode(reply)},
        {wire::FrameKind::authenticate, encode(proof)},
        {wire::FrameKind::authenticate_reply, encode(wire::AuthenticateReply{})},
        {wire::FrameKind::goodbye, wire::encode_goodbye(wire::samples::error(prng))}};
    std::string all;
    for (const auto& [kind, chain] : frames) {
        const std::string bytes = wire::samples::flat(chain);
        all += bytes;
        const std::string body = bytes.substr(wire::frame_header_bytes);
        corpus.add("handshake", std::string(1, static_cast<char>(kind)) + body);
        corpus.add("frame", "\x07" + bytes);
    }
    corpus.add("frame", "\xff" + all);
}

void add_states(Corpus& corpus) {
    queue::test::GroupFixture fixture;
    for (int i = 0; i < 3; ++i) {
        std::string bytes;
        const auto frozen = fixture.group.freeze();
        for (Buffer c = frozen->next_chunk(1000); !c.empty(); c = frozen->next_chunk(1000))
            bytes += c.text();
        corpus.add("group_snapshot", "\x40" + bytes);
        fixture.send_many(5);
        (void)fixture.receive_reply(2, 1000);
    }
    metadata::Catalogue catalogue;
    catalogue.begin_entry(LogIndex(1), ClusterTime{10});
    catalogue.apply({{}, UserId(1), metadata::make_bootstrap()});
    catalogue.begin_entry(LogIndex(2), ClusterTime{20});
    catalogue.apply({{}, UserId(1), metadata::make_queue("orders")});
    std::string bytes;
    for (const Buffer& chunk : catalogue.snapshot(1 << 20)) bytes += chunk.text();
    corpus.add("catalogue_snapshot", bytes.substr(0, bytes.size() - 4));
}

void add_small(Corpus& corpus, Prng& prng) {
    raft::Configuration configuration{{NodeId(1), NodeId(2), NodeId(3)}, {}, {NodeId(9)}};
    corpus.add("raft_configuration", raft::encode_configuration(configuration).text());
    configuration.voters_old = {NodeId(1), NodeId(2)};
    corpus.add("raft_configuration", raft::encode_configuration(configuration).text());
    const Key key = derive_key(as_bytes("fuzz"), "receipts");
    const auto sealed = queue::seal_receipt(key, {});
    corpus.add("receipt", as_text(sealed));
    corpus.add("receipt", queue::receipt_to_text(sealed));
    corpus.add("receipt", queue::message_id_to_text({QueueId(7), MessageSeq(9)}));
    storage::PickedSuperblock picked;
    picked.superblock.node_uuid = wire::samples::uuid(prng);
    corpus.add("superblock", storage::encode_superblock(picked).text());
    for (const char* target : {"wal_replay", "body_segment", "snapshot_file"}) {
        corpus.add(target, "");
        corpus.add(target, std::string("\x40\x00\x02\x04\x01\x02\x03\x04", 8));
        corpus.add(target, std::string("\x50\x00\x03\x01\xff\x00\x01\x01\x00", 9));
    }
}

void add_texts(Corpus& corpus) {
    const std::string faults =
        "1 partition at=1.250000000 for=2.000000000 a=n1,n2 b=n3 reset_percent=25\n"
        "2 kill at=3.000000000 for=1.000000000 a=n1 again_ms=50 write_pending_ms=10\n"
        "3 bit_rot at=4.000000000 for=0.000000000 a=n2 file=wal count=2\n";
    corpus.add("plan", faults);
    corpus.add("plan", "seed 7\nclients 3 # few\nchaos_ms 5000\nfault " + faults);
    corpus.add("plan", "seed 7\naim 128003 power_loss state=snapshot_writing nth=2 delay_us=800 "
                       "for=0.250000000 loss=2\naim 102001 partition state=election\n");
    corpus.add("config", "node = 1\ncluster = \"000102030405060708090a0b0c0d0e0f\"\nrole = \"all\"\n"
                         "client = \"localhost:7001\"\npeer = \"localhost:7000\"\ndata = \"d\"\n"
                         "secret_file = \"s\"\nadmin_secret_file = \"a\"\nlog_level = \"debug\"\n"
                         "[[nodes]]\nid = 1\nhost = \"localhost\"\npeer_port = 7000\n");
    corpus.add("config", "endpoints = [\"localhost:7001\"]\nkey = \"admin\"\nsecret_file = \"s\"\n");
}

}  // namespace
}  // namespace quern

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    quern::Corpus corpus(argv[1]);
    quern::Prng prng(7);
    quern::add_messages(corpus, prng);
    quern::add_commands(corpus, prng);
    quern::add_frames(corpus, prng);
    quern::add_states(corpus);
    quern::add_small(corpus, prng);
    quern::add_texts(corpus);
}
