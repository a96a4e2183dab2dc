// A counter gets slots that another one had, which left 3 units there; one thread adds to it, another one reads.
//
// Must not be: units of the other counter in its sum.
//
// holds
// fails: -DKEY_STORE=relaxed
// fails: -DKEY_LOAD=relaxed (a read's load of the key)
// fails: -DKEY_FIRST (the key is stored before the baseline)
#include "program.h"

#ifndef KEY_STORE
#define KEY_STORE release
#endif
#ifndef KEY_LOAD
#define KEY_LOAD acquire
#endif

static word slot, baseline, start_of_slot, key;

// Registry::register: `start_at`, then `store`. The thread goes on to add.
THREAD(adder) {
    int found = load(slot, relaxed);
#ifdef KEY_FIRST
    store(key, 1, KEY_STORE);
#endif
    store(baseline, found, relaxed);
    store(start_of_slot, found, relaxed);
#ifndef KEY_FIRST
    store(key, 1, KEY_STORE);
#endif
    store(slot, load(slot, relaxed) + 1, relaxed);
    return 0;
}

// Registry::value
THREAD(reader) {
    if (load(key, KEY_LOAD) == 0)
        return 0;
    int before = load(baseline, acquire), sum = load(slot, relaxed) - before;
    fence(acquire);
    if (load(baseline, acquire) == before)
        assert(sum == 0 || sum == 1);
    return 0;
}

// Registry::total
THREAD(reader_of_the_total) {
    if (load(key, KEY_LOAD) == 0)
        return 0;
    int total = load(slot, relaxed) - load(start_of_slot, acquire);
    assert(total == 0 || total == 1);
    return 0;
}

int main(void) {
    store(slot, 3, relaxed);
    pthread_t threads[] = {start(adder), start(reader), start(reader_of_the_total)};
    for (int i = 0; i < 3; i++)
        join(threads[i]);
}
