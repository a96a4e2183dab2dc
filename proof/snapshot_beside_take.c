// One thread appends its chunk and adds; another one takes, and then makes a snapshot of the total, which takes don't
// change.
//
// Must not be: a snapshot without the units of the take before it.
//
// holds
// fails: -DPUBLISHED_CHUNKS_ONLY (a snapshot that walks the chunks below the length, and not their whole group)
#include "program.h"

// A group of two chunks. The first is there; the second one's length comes later.
static word slots[2], extent = 1, baseline;

THREAD(adder) {
    store(extent, 2, release);
    store(slots[1], load(slots[1], relaxed) + 1, relaxed);
    return 0;
}

// Directory::for_each_of walks whole groups: a slot that nobody has yet is zero.
static int sum(int chunks) {
    int sum = 0;
    for (int number = 0; number < chunks; number++)
        sum += load(slots[number], relaxed);
    return sum;
}

// Registry::take, and Plan::read, of a counter that started at zero
THREAD(reader) {
    int found = load(baseline, acquire), total = (load(extent, acquire), sum(2));
    bool is_taken = atomic_compare_exchange_strong_explicit(&baseline, &found, total, release, relaxed);
    fence(release);
    int taken = is_taken ? total - found : 0;
#ifdef PUBLISHED_CHUNKS_ONLY
    int shown = sum(load(extent, acquire));
#else
    int shown = (load(extent, acquire), sum(2));
#endif
    assert(shown >= taken);
    return 0;
}

THREAD(taker) {
    int found = load(baseline, acquire), total = sum(2);
    atomic_compare_exchange_strong_explicit(&baseline, &found, total, release, relaxed);
    return 0;
}

int main(void) {
    pthread_t threads[] = {start(adder), start(reader), start(taker)};
    for (int i = 0; i < 3; i++)
        join(threads[i]);
}
