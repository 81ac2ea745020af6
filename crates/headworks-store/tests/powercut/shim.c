/*
 * Records what a process does to the files below a directory, for the power-cut test.
 *
 * Preloaded with POWERCUT_ROOT, the directory, and POWERCUT_LOG, where the records go. A record is
 * written after the operation has succeeded, in one write to a file opened for appending; one lock
 * is held around operation and record, so that the order of the records is that of the operations.
 *
 * A record: u32 kind, u32 length of the first name, u32 length of the second name or of the data,
 * u64 number of the file (its inode), u64 offset or size; then both byte strings.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { OPEN = 1, WRITE, TRUNCATE, RENAME, UNLINK, MKDIR, SYNC, LINK };

struct head {
    uint32_t kind, first, second;
    uint64_t file, offset;
} __attribute__((packed));

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static char root[PATH_MAX];
static size_t root_length;
static int log_file = -1;

#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

static void fail(void) { abort(); }

__attribute__((constructor)) static void start(void) {
    const char *directory = getenv("POWERCUT_ROOT"), *log = getenv("POWERCUT_LOG");
    if (!directory || !log) return;
    if (!realpath(directory, root)) fail();
    root_length = strlen(root);
    log_file = REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_file < 0) fail();
}

static void record(uint32_t kind, uint64_t file, uint64_t offset, const char *first,
                   const void *second, size_t second_length) {
    int saved = errno;
    size_t first_length = first ? strlen(first) : 0;
    struct head head = {kind, (uint32_t)first_length, (uint32_t)second_length, file, offset};
    struct iovec parts[3] = {
        {&head, sizeof head}, {(void *)first, first_length}, {(void *)second, second_length}};
    ssize_t length = (ssize_t)(sizeof head + first_length + second_length);
    if (REAL(writev)(log_file, parts, 3) != length) fail();
    errno = saved;
}

/* Returns the name below the root, or nothing when the path lies elsewhere. */
static const char *inside(int directory, const char *path, char *buffer) {
    if (log_file < 0 || !path) return NULL;
    if (path[0] == '/') {
        if (strlen(path) >= PATH_MAX) return NULL;
        strcpy(buffer, path);
    } else {
        char link[64], base[PATH_MAX];
        if (directory == AT_FDCWD) {
            if (!getcwd(base, sizeof base)) return NULL;
        } else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
            ssize_t length = readlink(link, base, sizeof base - 1);
            if (length < 0) return NULL;
            base[length] = 0;
        }
        if (strlen(base) + strlen(path) + 2 > PATH_MAX) return NULL;
        strcpy(buffer, base);
        strcat(buffer, "/");
        strcat(buffer, path);
    }
    if (strncmp(buffer, root, root_length)) return NULL;
    if (buffer[root_length] != '/') return NULL;
    return buffer + root_length + 1;
}

/* Returns the name of an open file or directory below the root; "" for the root itself. */
static const char *opened(int file, char *buffer, uint64_t *number, struct stat *found) {
    char link[64];
    if (log_file < 0 || file == log_file) return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, buffer, PATH_MAX - 1);
    if (length < 0) return NULL;
    buffer[length] = 0;
    if (strncmp(buffer, root, root_length)) return NULL;
    if (buffer[root_length] != 0 && buffer[root_length] != '/') return NULL;
    if (fstat(file, found)) return NULL;
    *number = found->st_ino;
    return buffer[root_length] ? buffer + root_length + 1 : "";
}

static int note_open(int file, int flags, const char *name, int existed) {
    struct stat found;
    if (file < 0 || !name || fstat(file, &found) || !S_ISREG(found.st_mode)) return file;
    if (!existed) record(OPEN, found.st_ino, 0, name, NULL, 0);
    else if ((flags & O_TRUNC) && (flags & O_ACCMODE) != O_RDONLY)
        record(TRUNCATE, found.st_ino, 0, name, NULL, 0);
    return file;
}

static int open_recorded(int directory, const char *path, int flags, mode_t mode) {
    char buffer[PATH_MAX];
    struct stat found;
    const char *name = inside(directory, path, buffer);
    if (!name || !(flags & (O_CREAT | O_TRUNC)))
        return REAL(openat)(directory, path, flags, mode);
    pthread_mutex_lock(&lock);
    int existed = !fstatat(directory, path, &found, 0);
    int file = note_open(REAL(openat)(directory, path, flags, mode), flags, name, existed);
    pthread_mutex_unlock(&lock);
    return file;
}

#define MODE                                       \
    mode_t mode = 0;                               \
    if (flags & (O_CREAT | O_TMPFILE)) {           \
        va_list list;                              \
        va_start(list, flags);                     \
        mode = va_arg(list, mode_t);               \
        va_end(list);                              \
    }

int open(const char *path, int flags, ...) {
    MODE
    return open_recorded(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    MODE
    return open_recorded(AT_FDCWD, path, flags, mode);
}
int openat(int at, const char *path, int flags, ...) {
    MODE
    return open_recorded(at, path, flags, mode);
}
int openat64(int at, const char *path, int flags, ...) {
    MODE
    return open_recorded(at, path, flags, mode);
}
int creat(const char *path, mode_t mode) {
    return open_recorded(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

/* Records what was written; `offset` below 0 stands for the place of the file. */
static void note_write(int file, const struct iovec *parts, int count, ssize_t written,
                       off_t offset) {
    char buffer[PATH_MAX];
    struct stat found;
    uint64_t number;
    if (written <= 0) return;
    const char *name = opened(file, buffer, &number, &found);
    if (!name || !S_ISREG(found.st_mode)) return;
    if (offset < 0) offset = lseek(file, 0, SEEK_CUR) - written;
    for (int i = 0; i < count && written > 0; i++) {
        size_t length = parts[i].iov_len < (size_t)written ? parts[i].iov_len : (size_t)written;
        record(WRITE, number, (uint64_t)offset, name, parts[i].iov_base, length);
        offset += (off_t)length;
        written -= (ssize_t)length;
    }
}

#define RECORDED_WRITE(call, parts, count, offset)              \
    if (log_file < 0 || file == log_file) return call;          \
    pthread_mutex_lock(&lock);                                  \
    ssize_t written = call;                                     \
    note_write(file, parts, count, written, offset);            \
    pthread_mutex_unlock(&lock);                                \
    return written;

ssize_t write(int file, const void *data, size_t length) {
    struct iovec part = {(void *)data, length};
    RECORDED_WRITE(REAL(write)(file, data, length), &part, 1, -1)
}
ssize_t pwrite(int file, const void *data, size_t length, off_t offset) {
    struct iovec part = {(void *)data, length};
    RECORDED_WRITE(REAL(pwrite)(file, data, length, offset), &part, 1, offset)
}
ssize_t pwrite64(int file, const void *data, size_t length, off64_t offset) {
    return pwrite(file, data, length, offset);
}
ssize_t writev(int file, const struct iovec *parts, int count) {
    RECORDED_WRITE(REAL(writev)(file, parts, count), parts, count, -1)
}
ssize_t pwritev(int file, const struct iovec *parts, int count, off_t offset) {
    RECORDED_WRITE(REAL(pwritev)(file, parts, count, offset), parts, count, offset)
}

/* These would move bytes past the recorder: callers fall back to read and write. */
ssize_t copy_file_range(int in, off64_t *in_at, int out, off64_t *out_at, size_t n, unsigned f) {
    (void)in; (void)in_at; (void)out; (void)out_at; (void)n; (void)f;
    errno = ENOSYS;
    return -1;
}
ssize_t sendfile64(int out, int in, off64_t *offset, size_t count) {
    (void)out; (void)in; (void)offset; (void)count;
    errno = ENOSYS;
    return -1;
}
ssize_t sendfile(int out, int in, off_t *offset, size_t count) {
    return sendfile64(out, in, offset, count);
}

int ftruncate(int file, off_t size) {
    char buffer[PATH_MAX];
    struct stat found;
    uint64_t number;
    pthread_mutex_lock(&lock);
    int done = REAL(ftruncate)(file, size);
    const char *name = done ? NULL : opened(file, buffer, &number, &found);
    if (name) record(TRUNCATE, number, (uint64_t)size, name, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}
int ftruncate64(int file, off64_t size) { return ftruncate(file, size); }

static int record_sync(int file, int done) {
    char buffer[PATH_MAX];
    struct stat found;
    uint64_t number;
    const char *name = done ? NULL : opened(file, buffer, &number, &found);
    if (name) record(SYNC, number, S_ISDIR(found.st_mode), name, NULL, 0);
    return done;
}
/* What is written while the disk syncs may be lost: then it is recorded after the sync. */
int fsync(int file) {
    pthread_mutex_lock(&lock);
    int done = record_sync(file, REAL(fsync)(file));
    pthread_mutex_unlock(&lock);
    return done;
}
int fdatasync(int file) {
    pthread_mutex_lock(&lock);
    int done = record_sync(file, REAL(fdatasync)(file));
    pthread_mutex_unlock(&lock);
    return done;
}

static int two_names(uint32_t kind, const char *from, const char *to, int done) {
    char first[PATH_MAX], second[PATH_MAX];
    const char *old = inside(AT_FDCWD, from, first), *new = inside(AT_FDCWD, to, second);
    if (!done && (old || new)) {
        if (!old || !new) fail();
        record(kind, 0, 0, old, new, strlen(new));
    }
    return done;
}
int rename(const char *from, const char *to) {
    pthread_mutex_lock(&lock);
    int done = two_names(RENAME, from, to, REAL(rename)(from, to));
    pthread_mutex_unlock(&lock);
    return done;
}
int link(const char *from, const char *to) {
    pthread_mutex_lock(&lock);
    int done = two_names(LINK, from, to, REAL(link)(from, to));
    pthread_mutex_unlock(&lock);
    return done;
}
int linkat(int from_at, const char *from, int to_at, const char *to, int flags) {
    if (from_at != AT_FDCWD || to_at != AT_FDCWD) fail();
    pthread_mutex_lock(&lock);
    int done = two_names(LINK, from, to, REAL(linkat)(from_at, from, to_at, to, flags));
    pthread_mutex_unlock(&lock);
    return done;
}

static int one_name(uint32_t kind, const char *path, int done) {
    char buffer[PATH_MAX];
    const char *name = done ? NULL : inside(AT_FDCWD, path, buffer);
    if (name) record(kind, 0, 0, name, NULL, 0);
    return done;
}
int unlink(const char *path) {
    pthread_mutex_lock(&lock);
    int done = one_name(UNLINK, path, REAL(unlink)(path));
    pthread_mutex_unlock(&lock);
    return done;
}
int mkdir(const char *path, mode_t mode) {
    pthread_mutex_lock(&lock);
    int done = one_name(MKDIR, path, REAL(mkdir)(path, mode));
    pthread_mutex_unlock(&lock);
    return done;
}
