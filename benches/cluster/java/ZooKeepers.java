import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;

import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.retry.RetryNTimes;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;
import org.apache.zookeeper.server.ServerCnxnFactory;
import org.apache.zookeeper.server.ZooKeeperServer;

/** A server of ZooKeeper, and three ways to count in a node of it. */
final class ZooKeepers {
    private static final int SESSION_MILLIS = 30_000;
    private static final String PATH = "/likes";

    private ZooKeepers() {}

    /** With the defaults, so that a transaction is on the disk before it is acknowledged. */
    static void serve(Place place) throws Exception {
        ZooKeeperServer server = new ZooKeeperServer(place.folder().toFile(), place.folder().toFile(), 2000);
        InetSocketAddress address = new InetSocketAddress("127.0.0.1", place.port());
        ServerCnxnFactory.createFactory(address, 0).startup(server);
    }

    private static byte[] bytes(long value) {
        return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
    }

    private static long number(byte[] bytes) {
        return ByteBuffer.wrap(bytes).getLong();
    }

    /** Sets the node's data if its version is the one that was read. */
    static Counting byVersion(Place place) throws Exception {
        CountDownLatch isConnected = new CountDownLatch(1);
        ZooKeeper client = new ZooKeeper(place.members("127.0.0.1:%d", ","), SESSION_MILLIS, event -> isConnected.countDown());
        isConnected.await();
        Retries.until(() -> {
            try {
                return client.create(PATH, bytes(0), ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
            } catch (KeeperException.NodeExistsException e) {
                return PATH;
            }
        });
        return new Counting() {
            public void increment() throws Exception {
                for (;;) {
                    Stat stat = new Stat();
                    long value = number(client.getData(PATH, false, stat));
                    try {
                        client.setData(PATH, bytes(value + 1), stat.getVersion());
                        return;
                    } catch (KeeperException.BadVersionException e) {
                        // Another client was first.
                    }
                }
            }

            public long value() throws Exception {
                return number(client.getData(PATH, false, null));
            }
        };
    }

    private static CuratorFramework curator(Place place) {
        CuratorFramework curator = CuratorFrameworkFactory.builder()
            .connectString(place.members("127.0.0.1:%d", ","))
            .sessionTimeoutMs(SESSION_MILLIS)
            .retryPolicy(new RetryNTimes(10, 10))
            .build();
        curator.start();
        return curator;
    }

    static Counting byCuratorsLong(Place place) {
        DistributedAtomicLong number = new DistributedAtomicLong(curator(place), "/atomic", new RetryNTimes(10, 10));
        return new Counting() {
            public void increment() throws Exception {
                while (!number.increment().succeeded()) {
                    // Others were first, each time.
                }
            }

            public long value() throws Exception {
                return number.get().postValue();
            }
        };
    }

    /** Reads and writes the number under a lock. */
    static Counting byCuratorsMutex(Place place) throws Exception {
        CuratorFramework curator = curator(place);
        InterProcessMutex mutex = new InterProcessMutex(curator, "/mutex");
        String path = "/locked";
        Retries.until(() -> curator.create().orSetData().forPath(path, bytes(0)));
        return new Counting() {
            public void increment() throws Exception {
                mutex.acquire();
                try {
                    curator.setData().forPath(path, bytes(number(curator.getData().forPath(path)) + 1));
                } finally {
                    mutex.release();
                }
            }

            public long value() throws Exception {
                return number(curator.getData().forPath(path));
            }
        };
    }
}
