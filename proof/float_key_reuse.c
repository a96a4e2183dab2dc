// A counter of floats gets slots that another one had, which left 3 units in the slot of one thread. Another thread
// clears it; then the first one adds.
//
// Must not be: an add to what the other counter left, or a sum with it.
//
// holds
// fails: -DKEY_STORE=relaxed
// fails: -DKEY_LOAD=relaxed (an add's load of the key, and a read's)
#include "program.h"

#ifndef KEY_STORE
#define KEY_STORE release
#endif
#ifndef KEY_LOAD
#define KEY_LOAD acquire
#endif

static word slot, key;

// Registry::register: `clear`, then `store`
THREAD(registrar) {
    store(slot, 0, relaxed);
    store(key, 1, KEY_STORE);
    return 0;
}

// FloatCounter::add, of a thread that has the slot
THREAD(adder) {
    if (load(key, KEY_LOAD) == 1)
        store(slot, load(slot, relaxed) + 1, relaxed);
    return 0;
}

// Registry::float_slot_sum
THREAD(reader) {
    if (load(key, KEY_LOAD) == 1) {
        int sum = load(slot, relaxed);
        assert(sum == 0 || sum == 1);
    }
    return 0;
}

int main(void) {
    store(slot, 3, relaxed);
    pthread_t threads[] = {start(registrar), start(adder), start(reader)};
    for (int i = 0; i < 3; i++)
        join(threads[i]);
    assert(load(slot, relaxed) <= 1);
}
