// A thread writes `before`, passes a fence with Release and adds; another one takes. A third one reads what was taken,
// and passes a fence with Acquire.
//
// Not promised: that it sees `before`. It reads what the take wrote, and no slot. The taker does see it, past a fence of
// its own. Nor does a reader of a second AtomicU64, to which somebody adds what is taken from the first.
//
// fails
// holds: -DTAKER_HAS_A_FENCE (between the sum of the slots and the exchange)
// fails: -DATOMIC (a `swap` of one word, and a `fetch_add` of another)
// holds: -DREADS_THE_SUM (a reader of the sum since the take, which has nothing left)
#include "program.h"

static word before, slot, baseline;

THREAD(adder) {
    store(before, 1, relaxed);
    fence(release);
    fetch_add(slot, 1, relaxed);
    return 0;
}

// Registry::advance
THREAD(taker) {
#ifdef ATOMIC
    fetch_add(baseline, atomic_exchange_explicit(&slot, 0, relaxed), relaxed);
#else
    int found = load(baseline, acquire), total = load(slot, relaxed);
#ifdef TAKER_HAS_A_FENCE
    fence(acquire);
#endif
    atomic_compare_exchange_strong_explicit(&baseline, &found, total, release, relaxed);
    fence(release);
#endif
    return 0;
}

// Registry::taken, or Registry::value
THREAD(reader) {
    int taken = load(baseline, acquire);
#ifdef READS_THE_SUM
    assert(load(slot, relaxed) >= taken);
#endif
    fence(acquire);
    assert(taken == 0 || load(before, relaxed) == 1);
    return 0;
}

int main(void) {
    pthread_t threads[] = {start(adder), start(taker), start(reader)};
    for (int i = 0; i < 3; i++)
        join(threads[i]);
}
