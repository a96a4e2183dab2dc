// One thread adds, another one takes, a third one sums.
//
// Must not be: a sum below zero, of a baseline above the slots that it is set against.
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

THREAD(adder) {
    store(slot, load(slot, relaxed) + 1, relaxed);
    return 0;
}

// Registry::advance
THREAD(taker) {
    int found = load(baseline, LOAD), total = load(slot, relaxed);
    atomic_compare_exchange_strong_explicit(&baseline, &found, total, EXCHANGE, relaxed);
    fence(release);
    return 0;
}

// Registry::value
THREAD(reader) {
    int before = load(baseline, LOAD), sum = load(slot, relaxed) - before;
    fence(acquire);
    if (load(baseline, LOAD) == before)
        assert(sum == 0 || sum == 1);
    return 0;
}

int main(void) {
    pthread_t threads[] = {start(adder), start(taker), start(reader)};
    for (int i = 0; i < 3; i++)
        join(threads[i]);
}
