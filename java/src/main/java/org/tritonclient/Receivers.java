package org.tritonclient;

/** Receivers by their ids. Finding and removing one needs no memory: both must work when the heap is full. */
final class Receivers {
    private Entry[] table = new Entry[64];
    private int size;

    synchronized void add(long id, Receiver receiver) {
        if (size == table.length) {
            grow();
        }
        // Ids are consecutive numbers: those in use spread over the table by themselves.
        int index = (int) id & table.length - 1;
        table[index] = new Entry(id, receiver, table[index]);
        size++;
    }

    /** Returns {@code null} if there is none. */
    synchronized Receiver get(long id) {
        Entry entry = table[(int) id & table.length - 1];
        while (entry != null && entry.id != id) {
            entry = entry.next;
        }
        return entry == null ? null : entry.receiver;
    }

    /** Does nothing if there is none. */
    synchronized void remove(long id) {
        int index = (int) id & table.length - 1;
        Entry before = null;
        for (Entry entry = table[index]; entry != null; entry = entry.next) {
            if (entry.id == id) {
                if (before == null) {
                    table[index] = entry.next;
                } else {
                    before.next = entry.next;
                }
                size--;
                return;
            }
            before = entry;
        }
    }

    private void grow() {
        Entry[] larger = new Entry[2 * table.length];
        for (Entry entry : table) {
            while (entry != null) {
                Entry next = entry.next;
                int index = (int) entry.id & larger.length - 1;
                entry.next = larger[index];
                larger[index] = entry;
                entry = next;
            }
        }
        table = larger;
    }

    private static final class Entry {
        final long id;
        final Receiver receiver;
        Entry next;

        Entry(long id, Receiver receiver, Entry next) {
            this.id = id;
            this.receiver = receiver;
            this.next = next;
        }
    }
}
