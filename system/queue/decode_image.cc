// Reading a snapshot: bytes from a disk or a peer, so everything is checked.
#include <algorithm>

#include "system/queue/encoding.h"
#include "system/queue/group_image.h"
#include "system/queue/stored_reply.h"

namespace quern::queue {

namespace {

// Gathers items that lie across chunks.
class ItemReader {
public:
    explicit ItemReader(const std::vector<Buffer>& chunks) : chunks_(chunks) {}

    // False at the end, or when nothing readable is left (failed()).
    bool next(ItemKind& kind, ByteSpan& body) {
        skip_empty();
        if (chunk_ == chunks_.size()) return false;
        head_.clear();
        if (!take(5, head_)) return fail();
        ByteReader in(as_bytes(head_));
        kind = static_cast<ItemKind>(in.u8());
        const uint32_t size = in.u32();
        if (size > item_bytes_max) return fail();
        const Buffer& here = chunk_ < chunks_.size() ? chunks_[chunk_] : Buffer();
        if (here.size() - at_ >= size) {
            body = here.span().subspan(at_, size);
            at_ += size;
            return true;
        }
        body_.clear();
        if (!take(size, body_)) return fail();
        body = as_bytes(body_);
        return true;
    }
    bool failed() const { return failed_; }

private:
    bool fail() {
        failed_ = true;
        return false;
    }
    void skip_empty() {
        while (chunk_ < chunks_.size() && at_ == chunks_[chunk_].size()) {
            ++chunk_;
            at_ = 0;
        }
    }
    bool take(size_t size, std::string& out) {
        while (size > 0) {
            skip_empty();
            if (chunk_ == chunks_.size()) return false;
            const size_t part = std::min(size, chunks_[chunk_].size() - at_);
            out.append(chunks_[chunk_].text().substr(at_, part));
            at_ += part;
            size -= part;
        }
        return true;
    }

    const std::vector<Buffer>& chunks_;
    size_t chunk_ = 0;
    size_t at_ = 0;
    bool failed_ = false;
    std::string head_;
    std::string body_;
};

Attributes read_attributes(ByteReader& in) {
    Attributes a;
    a.message_bytes_max = in.u64();
    a.queue_messages_max = in.u64();
    a.queue_bytes_max = in.u64();
    a.overflow = static_cast<Overflow>(in.u8());
    a.visibility_ms = in.i64();
    a.delay_ms = in.i64();
    a.retention_ms = in.i64();
    a.receive_wait_ms = in.i64();
    a.leased_messages_max = in.u64();
    return a;
}

Counters read_counters(ByteReader& in) {
    Counters c;
    for (uint64_t* v : {&c.ready, &c.delayed, &c.leased, &c.live_bytes, &c.sent, &c.received,
                        &c.deleted, &c.expired, &c.purged, &c.dropped}) {
        *v = in.u64();
    }
    return c;
}

bool read_record(ByteReader& in, MessageRecord& r, MessageState state) {
    r.index = in.u64();
    r.sent_ms = in.i64();
    r.offset_bytes = in.u32();
    r.size_bytes = in.u32();
    r.body_bytes = in.u32();
    r.epoch = in.u32();
    if (r.epoch != 0) {
        r.received_ms = in.i64();
        r.first_received_ms = in.i64();
    }
    if (state != MessageState::ready) r.due_ms = in.i64();
    return in.ok();
}

class Decoder {
public:
    Result<GroupImage> run(const std::vector<Buffer>& chunks);

private:
    // The object that pages (results) belong to.
    enum class Open : uint8_t { nothing, session, queue, grave };

    bool item(ItemKind kind, ByteSpan body);
    bool group(ByteReader& in);
    bool session(ByteReader& in);
    bool result(ByteReader& in);
    bool queue(ByteReader& in);
    bool page(ByteReader& in);
    bool close();
    bool sessions_distinct() const;

    GroupImage image_;
    Open open_ = Open::nothing;
    uint64_t items_ = 0;
    uint64_t page_from_ = 0;
    bool begun_ = false;
    bool ended_ = false;
    const char* problem_ = "malformed item";
};

bool Decoder::group(ByteReader& in) {
    if (begun_) return false;
    begun_ = true;
    if (in.u32() != group_state_version) {
        problem_ = "unknown version";
        return false;
    }
    image_.index = LogIndex{in.u64()};
    image_.time = ClusterTime{in.i64()};
    image_.catalogue_floor = CatalogueVersion{in.u64()};
    image_.rolling_hash = in.u64();
    image_.forgotten_expires = ClusterTime{in.i64()};
    return image_.time.ms >= 0 && image_.time.ms <= cluster_time_ms_max &&
           image_.forgotten_expires.ms >= 0;
}

bool Decoder::session(ByteReader& in) {
    if (!image_.queues.empty() || !image_.graves.empty()) return false;
    if (image_.sessions.size() == limits::sessions_max) return false;
    auto* data = new SessionData;
    image_.sessions.emplace_back(data);
    data->id = SessionId{in.u64()};
    data->principal = UserId{in.u64()};
    data->low = in.u64();
    data->last_used = ClusterTime{in.i64()};
    data->expires_max = ClusterTime{in.i64()};
    open_ = Open::session;
    return data->last_used.ms >= 0 && data->last_used <= image_.time && data->expires_max.ms >= 0;
}

bool Decoder::result(ByteReader& in) {
    if (open_ != Open::session) return false;
    SessionData& data = image_.sessions.back().edit();
    StoredResult result;
    result.seq = in.u64();
    result.reply = std::string(in.text());
    if (!in.ok() || data.results.size() == limits::session_inflight_max) return false;
    if (!load_reply(result.reply)) return false;
    data.results.push_back(std::move(result));
    return true;
}

bool Decoder::queue(ByteReader& in) {
    if (!image_.graves.empty()) return false;
    auto* data = new QueueData;
    QueueImage image{QueueId{in.u64()}, Shared<QueueData>(data)};
    data->version = CatalogueVersion{in.u64()};
    data->attributes = read_attributes(in);
    data->counters = read_counters(in);
    data->next_seq = MessageSeq{in.u64()};
    if (!in.ok() || !check_attributes(data->attributes)) return false;
    if (!image_.queues.empty() && image_.queues.back().id >= image.id) return false;
    image_.queues.push_back(std::move(image));
    open_ = Open::queue;
    page_from_ = 0;
    return true;
}

bool Decoder::page(ByteReader& in) {
    if (open_ != Open::queue && open_ != Open::grave) return false;
    const uint64_t number = in.u64();
    const uint64_t live = in.u64();
    const std::array<uint64_t, 2> marks{in.u64(), in.u64()};
    if (!in.ok() || live == 0 || number < page_from_ || number >= uint64_t{1} << 58) return false;
    if ((marks[0] & marks[1]) != 0 || ((marks[0] | marks[1]) & ~live) != 0) return false;
    const auto count = static_cast<uint32_t>(std::popcount(live));
    Shared<MessagePage> shared = make_page(std::max(page_capacity_min, std::bit_ceil(count)));
    MessagePage& page = shared.edit();
    page.stored = page.live = live;
    page.marks = marks;
    for (uint64_t left = live; left != 0; left &= left - 1) {
        const auto bit = static_cast<unsigned>(std::countr_zero(left));
        MessageRecord record;
        if (!read_record(in, record, page.state(bit))) return false;
        page.record(bit) = record;
    }
    const bool in_queue = open_ == Open::queue;
    MessageTable& table =
        in_queue ? image_.queues.back().data.edit().table : image_.graves.back().messages;
    table.append_page(number, std::move(shared));
    page_from_ = number + 1;
    return true;
}

// Checks the object whose last item was read.
bool Decoder::close() {
    if (open_ == Open::queue) {
        QueueData& data = image_.queues.back().data.edit();
        uint64_t number = 0;
        for (const MessagePage* page = data.table.next_page(0, number); page != nullptr;
             page = data.table.next_page(number + 1, number)) {
            const uint64_t leased = page->live & ~page->marks[0] & ~page->marks[1];
            for (uint64_t left = leased; left != 0; left &= left - 1) {
                data.leased_bytes +=
                    page->record(static_cast<unsigned>(std::countr_zero(left))).size_bytes;
            }
        }
        const char* wrong = violated(data, image_.time);
        if (wrong != nullptr) problem_ = wrong;
        if (wrong != nullptr) return false;
    }
    if (open_ == Open::grave && image_.graves.back().messages.size() == 0) return false;
    open_ = Open::nothing;
    return true;
}

bool Decoder::item(ItemKind kind, ByteSpan body) {
    ByteReader in(body);
    if (ended_ || begun_ == (kind == ItemKind::group)) return false;
    if (kind != ItemKind::page && kind != ItemKind::result && !close()) return false;
    ++items_;
    bool good = false;
    switch (kind) {
        case ItemKind::group: good = group(in); break;
        case ItemKind::session: good = session(in); break;
        case ItemKind::result: good = result(in); break;
        case ItemKind::queue: good = queue(in); break;
        case ItemKind::page: good = page(in); break;
        case ItemKind::grave:
            image_.graves.push_back({QueueId{in.u64()}, {}});
            open_ = Open::grave;
            page_from_ = 0;
            good = true;
            break;
        case ItemKind::end:
            good = in.u64() == items_;
            ended_ = true;
            break;
    }
    return good && in.at_end();
}

bool Decoder::sessions_distinct() const {
    std::vector<std::pair<SessionId, UserId>> keys;
    for (const Shared<SessionData>& s : image_.sessions) keys.emplace_back(s->id, s->principal);
    std::sort(keys.begin(), keys.end());
    return std::adjacent_find(keys.begin(), keys.end()) == keys.end();
}

Result<GroupImage> Decoder::run(const std::vector<Buffer>& chunks) {
    ItemReader items(chunks);
    ItemKind kind{};
    ByteSpan body;
    while (items.next(kind, body)) {
        if (!item(kind, body)) return fail(ErrorCode::corrupt, std::string("group state: ") + problem_);
    }
    if (items.failed() || !ended_) return fail(ErrorCode::corrupt, "group state: it is cut off");
    if (!sessions_distinct()) return fail(ErrorCode::corrupt, "group state: a session twice");
    return std::move(image_);
}

}  // namespace

Result<GroupImage> decode_image(const std::vector<Buffer>& chunks) { return Decoder().run(chunks); }

}  // namespace quern::queue
