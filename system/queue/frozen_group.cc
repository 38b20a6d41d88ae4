// Writing a snapshot item by item.
#include "system/queue/encoding.h"
#include "system/queue/group_image.h"
#include "system/queue/stored_reply.h"

namespace quern::queue {

namespace {

void write_attributes(ByteWriter& out, const Attributes& a) {
    out.u64(a.message_bytes_max);
    out.u64(a.queue_messages_max);
    out.u64(a.queue_bytes_max);
    out.u8(static_cast<uint8_t>(a.overflow));
    out.i64(a.visibility_ms);
    out.i64(a.delay_ms);
    out.i64(a.retention_ms);
    out.i64(a.receive_wait_ms);
    out.u64(a.leased_messages_max);
}

void write_counters(ByteWriter& out, const Counters& c) {
    for (uint64_t v : {c.ready, c.delayed, c.leased, c.live_bytes, c.sent, c.received, c.deleted,
                       c.expired, c.purged, c.dropped}) {
        out.u64(v);
    }
}

void write_record(ByteWriter& out, const MessageRecord& r, MessageState state) {
    out.u64(r.index);
    out.i64(r.sent_ms);
    out.u32(r.offset_bytes);
    out.u32(r.size_bytes);
    out.u32(r.body_bytes);
    out.u32(r.epoch);
    if (r.epoch != 0) {
        out.i64(r.received_ms);
        out.i64(r.first_received_ms);
    }
    if (state != MessageState::ready) out.i64(r.due_ms);
}

void write_page(ByteWriter& out, uint64_t number, const MessagePage& page) {
    out.u64(number);
    out.u64(page.live);
    out.u64(page.marks[0]);
    out.u64(page.marks[1]);
    for (uint64_t left = page.live; left != 0; left &= left - 1) {
        const auto bit = static_cast<unsigned>(std::countr_zero(left));
        write_record(out, page.record(bit), page.state(bit));
    }
}

class FrozenState final : public FrozenGroup {
public:
    explicit FrozenState(GroupImage image) : image_(std::move(image)) {}
    Buffer next_chunk(size_t bytes_target) override;
    std::vector<BodyRef> next_bodies(size_t count_max) override;

private:
    // The order of the items.
    enum class Section : uint8_t { group, sessions, queues, graves, end, done };

    void write_next();
    void write_group(ByteWriter out);
    void write_session(ByteWriter out);
    void write_queue(ByteWriter out);
    void write_grave(ByteWriter out);
    bool write_next_page(const MessageTable& table);
    void open(ItemKind kind);
    void close();

    GroupImage image_;
    Section section_ = Section::group;
    size_t at_ = 0;          // the current session, queue or grave
    bool opened_ = false;    // its own item is written
    size_t result_at_ = 0;   // within a session
    uint64_t page_from_ = 0; // within a queue or grave
    uint64_t items_ = 0;
    std::string chunk_;
    size_t item_start_ = 0;

    size_t body_queue_ = 0;
    MessageSeq body_from_{0};
};

void FrozenState::open(ItemKind kind) {
    item_start_ = chunk_.size();
    ByteWriter out(chunk_);
    out.u8(static_cast<uint8_t>(kind));
    out.u32(0);
    ++items_;
}

void FrozenState::close() {
    std::string size;
    ByteWriter(size).u32(static_cast<uint32_t>(chunk_.size() - item_start_ - 5));
    chunk_.replace(item_start_ + 1, 4, size);
}

Buffer FrozenState::next_chunk(size_t bytes_target) {
    chunk_.clear();
    while (section_ != Section::done && chunk_.size() < std::max<size_t>(bytes_target, 1)) write_next();
    const ByteSpan bytes = as_bytes(chunk_);
    if (bytes.empty()) return {};
    return Buffer::copy_of(bytes);
}

// Writes at least one item or moves on to the next section.
void FrozenState::write_next() {
    ByteWriter out(chunk_);
    auto next_section = [this](Section next) {
        section_ = next;
        at_ = 0;
    };
    switch (section_) {
        case Section::group:
            write_group(out);
            next_section(Section::sessions);
            break;
        case Section::sessions:
            if (at_ == image_.sessions.size()) return next_section(Section::queues);
            write_session(out);
            break;
        case Section::queues:
            if (at_ == image_.queues.size()) return next_section(Section::graves);
            write_queue(out);
            break;
        case Section::graves:
            if (at_ == image_.graves.size()) return next_section(Section::end);
            write_grave(out);
            break;
        case Section::end:
            open(ItemKind::end);
            out.u64(items_);
            close();
            next_section(Section::done);
            break;
        case Section::done: break;
    }
}

void FrozenState::write_group(ByteWriter out) {
    open(ItemKind::group);
    out.u32(group_state_version);
    out.u64(image_.index.value);
    out.i64(image_.time.ms);
    out.u64(image_.catalogue_floor.value);
    out.u64(image_.rolling_hash);
    out.i64(image_.forgotten_expires.ms);
    close();
}

void FrozenState::write_session(ByteWriter out) {
    const SessionData& session = *image_.sessions[at_];
    if (!opened_) {
        open(ItemKind::session);
        out.u64(session.id.value);
        out.u64(session.principal.value);
        out.u64(session.low);
        out.i64(session.last_used.ms);
        out.i64(session.expires_max.ms);
        close();
        opened_ = true;
        result_at_ = 0;
    } else if (result_at_ < session.results.size()) {
        const StoredResult& result = session.results[result_at_++];
        open(ItemKind::result);
        out.u64(result.seq);
        out.text(result.reply);
        close();
    } else {
        opened_ = false;
        ++at_;
    }
}

void FrozenState::write_queue(ByteWriter out) {
    const QueueImage& image = image_.queues[at_];
    if (!opened_) {
        open(ItemKind::queue);
        out.u64(image.id.value);
        out.u64(image.data->version.value);
        write_attributes(out, image.data->attributes);
        write_counters(out, image.data->counters);
        out.u64(image.data->next_seq.value);
        close();
        opened_ = true;
        page_from_ = 0;
    } else if (!write_next_page(image.data->table)) {
        opened_ = false;
        ++at_;
    }
}

void FrozenState::write_grave(ByteWriter out) {
    const Grave& grave = image_.graves[at_];
    if (!opened_) {
        open(ItemKind::grave);
        out.u64(grave.queue.value);
        close();
        opened_ = true;
        page_from_ = 0;
    } else if (!write_next_page(grave.messages)) {
        opened_ = false;
        ++at_;
    }
}

bool FrozenState::write_next_page(const MessageTable& table) {
    uint64_t number = 0;
    const MessagePage* page = table.next_page(page_from_, number);
    if (page == nullptr) return false;
    open(ItemKind::page);
    ByteWriter out(chunk_);
    write_page(out, number, *page);
    close();
    page_from_ = number + 1;
    return true;
}

std::vector<BodyRef> FrozenState::next_bodies(size_t count_max) {
    std::vector<BodyRef> bodies;
    while (bodies.size() < count_max && body_queue_ < image_.queues.size()) {
        const MessageTable& table = image_.queues[body_queue_].data->table;
        const MessageSeq seq = table.next(body_from_);
        if (seq == no_message) {
            ++body_queue_;
            body_from_ = MessageSeq{0};
            continue;
        }
        const MessageRecord& r = *table.find(seq);
        bodies.push_back({LogIndex{r.index}, r.offset_bytes, r.size_bytes});
        body_from_ = seq.next();
    }
    return bodies;
}

}  // namespace

std::unique_ptr<FrozenGroup> make_frozen(GroupImage image) {
    return std::make_unique<FrozenState>(std::move(image));
}

}  // namespace quern::queue
