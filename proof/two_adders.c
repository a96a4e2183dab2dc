// One thread adds 1, and another one, which knows of that, adds 2; or they add without knowing. Readers sum.
//
// Not promised, unlike of an AtomicU64: that a sum with the second add has the first one, and that two readers see two
// adds in one order. An add that happens-before the read is in the sum, and that is all.
//
// fails
// holds: -DATOMIC (one word, and `fetch_add`)
// holds: -DFENCES (the second adder passes a fence before its add, and the readers between two reads)
// fails: -DTWO_READERS
// holds: -DTWO_READERS -DATOMIC
#include "program.h"

static word slots[2], is_added;

#ifdef ATOMIC
#define add(slot, n) fetch_add(slots[0], n, relaxed)
#else
#define add(slot, n) store(slot, load(slot, relaxed) + n, relaxed)
#endif

static int sums[2];

THREAD(adder) {
    add(slots[0], 1);
    store(is_added, 1, release);
    return 0;
}

THREAD(other_adder) {
#ifndef TWO_READERS
    if (!load(is_added, acquire))
        return 0;
#endif
#ifdef FENCES
    fence(release);
#endif
    add(slots[1], 2);
    return 0;
}

static int sum(void) { return load(slots[0], relaxed) + load(slots[1], relaxed); }

THREAD(reader) {
    sums[0] = sum();
#ifdef FENCES
    if (sums[0] >= 2) {
        fence(acquire);
        sums[0] = sum();
    }
#endif
    return 0;
}

THREAD(other_reader) {
    sums[1] = sum();
    return 0;
}

int main(void) {
    pthread_t threads[] = {start(adder), start(other_adder), start(reader), start(other_reader)};
    for (int i = 0; i < 4; i++)
        join(threads[i]);
#ifdef TWO_READERS
    assert(!(sums[0] == 1 && sums[1] == 2));
#else
    assert(sums[0] != 2);
#endif
}
