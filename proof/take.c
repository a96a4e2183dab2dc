// Two threads take what a third one adds.
//
// Must not be: a unit that is in two takes or in none, a take below zero.
//
// holds
// fails: -DLOAD=relaxed (the baseline's load)
// fails: -DEXCHANGE=relaxed (the baseline's exchange)
#include "program.h"

#ifndef LOAD
#define LOAD acquire
#endif
#ifndef EXCHANGE
#define EXCHANGE release
#endif

static word slot, baseline;
static int takes[2];

THREAD(adder) {
    store(slot, load(slot, relaxed) + 1, relaxed);
    store(slot, load(slot, relaxed) + 1, relaxed);
    return 0;
}

// Registry::advance
static int take(void) {
    int found = load(baseline, LOAD);
    for (;;) {
        int total = load(slot, relaxed), expected = found;
        if (atomic_compare_exchange_strong_explicit(&baseline, &expected, total, EXCHANGE, relaxed))
            return total - found;
        // The failure's ordering is Acquire in the sources. GenMC 0.11 has that of success for both.
        found = load(baseline, LOAD);
    }
}

THREAD(taker) {
    takes[0] = take();
    assert(takes[0] >= 0);
    return 0;
}

THREAD(other_taker) {
    takes[1] = take();
    assert(takes[1] >= 0);
    return 0;
}

int main(void) {
    pthread_t threads[] = {start(adder), start(taker), start(other_taker)};
    for (int i = 0; i < 3; i++)
        join(threads[i]);
    assert(takes[0] + takes[1] + take() == 2);
}
