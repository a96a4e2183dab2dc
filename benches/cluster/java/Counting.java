/** A counter of a cluster. */
interface Counting {
    /** Adds one, once at least. After an error it isn't known whether it did. */
    void increment() throws Exception;

    long value() throws Exception;
}
