/** A node of Cassandra, with a configuration that the system properties name. */
final class Cassandras {
    private Cassandras() {}

    static void serve() throws Exception {
        Class.forName("org.apache.cassandra.service.CassandraDaemon")
            .getMethod("main", String[].class)
            .invoke(null, (Object) new String[0]);
    }
}
