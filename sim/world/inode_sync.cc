// Syncs, power cuts and damage of a simulated file.
#include <algorithm>

#include "sim/world/inode.h"
#include "system/base/assert.h"
#include "system/base/prng.h"

namespace quern::sim {

size_t Inode::sync_done(SyncPoint point) {
    for (const Cut& cut : cuts_) {
        if (cut.order <= point.order) chunks_cut(std::min(cut.size, durable_size_));
    }
    std::erase_if(cuts_, [&point](const Cut& cut) { return cut.order <= point.order; });
    const auto now = [&point](const Write& w) { return point.covers(w.order) && !w.dropped; };
    // Syncs may complete in another order than they started in.
    if (point.order > synced_order_) {
        synced_order_ = point.order;
        durable_size_ = point.size;
    }
    durable_size_ = std::max(durable_size_, point.also_end);
    if (lose_sectors_ > 0 || misdirect_) {
        std::vector<Write> synced;
        for (Write& write : pending_) {
            if (now(write)) synced.push_back(std::move(write));
        }
        spoil(synced);
    } else {
        for (const Write& write : pending_) {
            if (now(write)) commit(write);
        }
    }
    const size_t written = std::erase_if(pending_, now);
    resized_ = size_ != durable_size_;
    return written;
}

// The disk says yes and does something else. Pristine bytes go to their place; what the disk really
// holds lies over them as damage.
void Inode::spoil(const std::vector<Write>& synced) {
    if (synced.empty()) return;
    std::vector<uint64_t> sectors;
    for (const Write& write : synced) {
        for (uint64_t s = write.offset / sector_bytes; s * sector_bytes < write.end(); ++s) {
            sectors.push_back(s);
        }
    }
    std::sort(sectors.begin(), sectors.end());
    sectors.erase(std::unique(sectors.begin(), sectors.end()), sectors.end());
    std::map<uint64_t, std::array<uint8_t, sector_bytes>> old;
    uint64_t random = lose_random_;
    for (uint32_t i = 0; i < lose_sectors_ && !sectors.empty(); ++i) {
        random = mix64(random);
        const uint64_t sector = sectors[bounded(random, sectors.size())];
        if (base_read(sector * sector_bytes, old[sector], false)) continue;
        old.erase(sector);
    }
    for (const Write& write : synced)
        commit(write);
    lied_about_.clear();
    for (const auto& [sector, bytes] : old) {
        if (lie(sector, bytes)) ++lost_count_;
    }
    if (misdirect_ && !sectors.empty() && durable_size_ >= sector_bytes) {
        const uint64_t from = sectors[bounded(misdirect_random_, sectors.size())];
        const uint64_t to = bounded(mix64(misdirect_random_), durable_size_ / sector_bytes);
        std::array<uint8_t, sector_bytes> bytes{};
        if (to != from && base_read(from * sector_bytes, bytes, true)) {
            // What was there before this sync has good batches behind it: its loss can be seen.
            const bool of_this_sync = std::binary_search(sectors.begin(), sectors.end(), to);
            if (of_this_sync ? lie(to, bytes) : replace_sector(to, bytes)) ++misdirected_count_;
            bytes.fill(0);
            if (lie(from, bytes)) ++misdirected_count_;
        }
    }
    lose_sectors_ = 0;
    misdirect_ = false;
}

bool Inode::lie(uint64_t sector, ByteSpan bytes) {
    const auto there = damage_.find(sector);
    const std::optional<Damage> before = there == damage_.end() ? std::nullopt : std::optional(there->second);
    if (!replace_sector(sector, bytes)) return false;
    const auto [told, fresh] = lied_about_.try_emplace(sector);
    if (fresh) told->second.before = before;
    told->second.after = damage_.at(sector);
    return true;
}

// What else struck the sector, before the lie or since, stays.
void Inode::mend_last_lie() {
    for (const auto& [sector, lie] : lied_about_) {
        const auto there = damage_.find(sector);
        if (there == damage_.end()) continue;  // written again
        Damage pristine;
        chunks_read(sector * sector_bytes, pristine.bytes);
        Damage& now = there->second;
        const Damage& before = lie.before ? *lie.before : pristine;
        for (size_t i = 0; i < sector_bytes; ++i) {
            if (now.bytes[i] == lie.after.bytes[i]) now.bytes[i] = before.bytes[i];
        }
        if (!now.unreadable && now.bytes == pristine.bytes) damage_.erase(there);
    }
    lied_about_.clear();
}

void Inode::sync_failed(SyncPoint point, uint64_t random) {
    for (Write& write : pending_) {
        if (!point.covers(write.order) || write.dropped) continue;
        write.dropped = true;
        random = mix64(random);
        if (random % 2 == 0 && write.end() <= durable_size_) commit(write);
    }
}

void Inode::process_died(uint64_t random) {
    std::erase_if(pending_, [](const Write& w) { return w.dropped; });
    while (!inflight_.empty()) {
        random = mix64(random);
        const uint64_t number = inflight_.front().number;
        if (random % 3 == 0) {
            inflight_take(number);
        } else if (random % 3 == 1) {
            write_failed(number, random >> 8);
        } else {
            write_done(number);
        }
    }
}

void Inode::crash(CrashLoss loss, uint64_t random) {
    std::vector<Write> writes;
    for (Write& write : pending_) {
        if (!write.dropped) writes.push_back(std::move(write));
    }
    for (Write& write : inflight_)
        writes.push_back(std::move(write));
    pending_.clear();
    inflight_.clear();
    uint64_t end = size_;
    for (const Write& write : writes)
        end = std::max(end, write.end());
    if (loss == CrashLoss::everything) {
        size_ = durable_size_;
    } else {
        const uint64_t cut = cut_size();
        if (cut < durable_size_ && random % 2 == 0) {
            chunks_cut(cut);
            durable_size_ = cut;
        }
        size_ = loss == CrashLoss::nothing ? end : size_;
        crash_size(end, random);
        switch (loss) {
            case CrashLoss::nothing:
                for (const Write& write : writes)
                    commit(write);
                break;
            case CrashLoss::sectors_512:
                crash_keep_some(writes, 512, random);
                break;
            case CrashLoss::sectors_4096:
                crash_keep_some(writes, 4096, random);
                break;
            default:
                crash_keep_prefix(writes, random);
                break;
        }
        // Sectors that survived beyond the size that survived are not part of the file.
        chunks_cut(size_);
    }
    durable_size_ = size_;
    reserved_ = std::min(reserved_, size_);
    cuts_.clear();
    synced_order_ = order_;
    resized_ = false;
    lose_sectors_ = 0;
    misdirect_ = false;
}

// The size that survives: the synced one, the last one, or one between.
void Inode::crash_size(uint64_t end, uint64_t random) {
    const uint64_t low = std::min(durable_size_, end);
    const uint64_t high = std::max({durable_size_, end, size_});
    if (size_ == high && durable_size_ == high) return;
    switch (mix64(random) % 4) {
        case 0:
            size_ = low;
            break;
        case 1:
            size_ = low + bounded(mix64(random + 1), high - low + 1);
            break;
        default:
            size_ = high;
            break;
    }
}

void Inode::crash_keep_some(const std::vector<Write>& writes, uint64_t granule, uint64_t random) {
    std::map<uint64_t, uint32_t> touches;
    for (const Write& write : writes) {
        for (uint64_t g = write.offset / granule; g * granule < write.end(); ++g)
            ++touches[g];
    }
    std::map<uint64_t, uint32_t> seen;
    for (const Write& write : writes) {
        for (uint64_t g = write.offset / granule; g * granule < write.end(); ++g) {
            const uint64_t kept = bounded(mix64(random ^ mix64(g)), touches[g] + 1);
            if (seen[g]++ < kept) commit_part(write, g * granule, (g + 1) * granule);
        }
    }
}

void Inode::crash_keep_prefix(const std::vector<Write>& writes, uint64_t random) {
    if (writes.empty()) return;
    const uint64_t whole = bounded(mix64(random + 2), writes.size() + 1);
    for (uint64_t i = 0; i < whole; ++i)
        commit(writes[i]);
    if (whole == writes.size()) return;
    const Write& torn = writes[whole];
    const uint64_t sectors = torn.data.size() / sector_bytes;
    const uint64_t kept = bounded(mix64(random + 3), sectors + 1) * sector_bytes;
    const uint64_t end = (torn.offset + kept) / sector_bytes * sector_bytes;
    if (end > torn.offset) commit_part(torn, torn.offset, end);
}

// --- damage ---

bool Inode::flip_bit(uint64_t offset, unsigned bit) {
    if (offset >= std::min(durable_size_, damage_size_)) return false;
    const uint64_t sector = offset / sector_bytes;
    auto [it, fresh] = damage_.try_emplace(sector);
    if (fresh) chunks_read(sector * sector_bytes, it->second.bytes);
    it->second.bytes[offset % sector_bytes] ^= static_cast<uint8_t>(1U << (bit % 8));
    return true;
}

bool Inode::make_unreadable(uint64_t sector) {
    if (sector * sector_bytes >= std::min(durable_size_, damage_size_)) return false;
    auto [it, fresh] = damage_.try_emplace(sector);
    if (fresh) chunks_read(sector * sector_bytes, it->second.bytes);
    it->second.unreadable = true;
    return true;
}

bool Inode::replace_sector(uint64_t sector, ByteSpan bytes) {
    QUERN_ASSERT(bytes.size() == sector_bytes);
    if (sector * sector_bytes >= std::min(durable_size_, damage_size_)) return false;
    std::array<uint8_t, sector_bytes> now{};
    if (base_read(sector * sector_bytes, now, false) &&
        std::equal(bytes.begin(), bytes.end(), now.begin())) {
        return false;
    }
    Damage& damage = damage_[sector];
    std::copy(bytes.begin(), bytes.end(), damage.bytes.begin());
    return true;
}

bool Inode::cut_tail(uint64_t size) {
    if (size >= std::min(durable_size_, damage_size_)) return false;
    // Should the file grow again, what was cut away reads as zeros.
    const uint64_t used = durable_used();
    for (uint64_t sector = size / sector_bytes; sector * sector_bytes < used; ++sector) {
        Damage damage;
        const uint64_t start = sector * sector_bytes;
        if (!base_read(start, damage.bytes, false)) damage.bytes.fill(0);
        const uint64_t keep = size > start ? size - start : 0;
        std::fill(damage.bytes.begin() + static_cast<std::ptrdiff_t>(keep), damage.bytes.end(), 0);
        damage_[sector] = damage;
    }
    damage_size_ = size;
    return true;
}

void Inode::lose_at_next_sync(uint32_t sectors, uint64_t random) {
    lose_sectors_ = sectors;
    lose_random_ = random;
}

void Inode::misdirect_at_next_sync(uint64_t random) {
    misdirect_ = true;
    misdirect_random_ = random;
}

}  // namespace quern::sim
