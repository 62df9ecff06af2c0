/* Call the functions of a library that is for another processor, for `foreign.py`: standard input brings the library's image and then calls,
   standard output takes each call's result and what is in its buffers then. AArch64 Linux, no C library. */

typedef unsigned long u64;

enum { READ = 63, WRITE = 64, EXIT = 93, MMAP = 222, MOST = 32 };

static long system_call(long number, long a, long b, long c, long d)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = -1;
    register long x5 __asm__("x5") = 0;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}

static void leave(long status)
{
    system_call(EXIT, status, 0, 0, 0);
    __builtin_unreachable();
}

static void move(long number, int file, void *at, u64 size)
{
    for (u64 done = 0; done < size;) {
        long count = system_call(number, file, (long)at + (long)done, (long)(size - done), 0);
        if (count <= 0)
            leave(count != 0 || done != 0);
        done += (u64)count;
    }
}

static char *room(u64 size)
{
    long at = system_call(MMAP, 0, (long)size, 7 /* read, write, run */, 0x4022 /* private, anonymous, no reserve */);
    if (at < 0)
        leave(2);
    return (char *)at;
}

typedef u64 function(u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64,
                     u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64);

void _start(void)
{
    u64 size;
    move(READ, 0, &size, sizeof size);
    char *image = room(size);
    move(READ, 0, image, size);
    char *arena = room(1ul << 30);
    for (;;) {
        u64 head[2], sizes[MOST], v[MOST] = {0};
        move(READ, 0, head, sizeof head);
        if (head[1] > MOST)
            leave(3);
        move(READ, 0, v, head[1] * sizeof *v);
        move(READ, 0, sizes, head[1] * sizeof *sizes);
        char *place = arena;
        for (u64 i = 0; i < head[1]; i++) {
            if (!sizes[i])
                continue;
            v[i] = (u64)(place += 64);
            move(READ, 0, place, sizes[i]);
            place += (sizes[i] + 63) & ~63ul;
        }
        u64 result = ((function *)(image + head[0]))(
            v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11], v[12], v[13], v[14], v[15],
            v[16], v[17], v[18], v[19], v[20], v[21], v[22], v[23], v[24], v[25], v[26], v[27], v[28], v[29], v[30], v[31]);
        move(WRITE, 1, &result, sizeof result);
        for (u64 i = 0; i < head[1]; i++)
            if (sizes[i])
                move(WRITE, 1, (void *)v[i], sizes[i]);
    }
}
