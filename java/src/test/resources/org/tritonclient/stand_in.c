/* Stands in for the native library in the tests of its loader, which build it with several flags. It has no natives
 * beyond the two that the loader calls. Without jni.h, which run-time images of Java lack: the functions are numbers
 * of the JNI specification's tables. */
#include <stdint.h>

#ifndef ABI
#define ABI 1
#endif
#ifndef CLASS
#define CLASS "org/tritonclient/Native"
#endif
#ifndef VERSION
#define VERSION 0x00010008
#endif

typedef struct {
    const char *name, *signature;
    void *function;
} Method;

typedef const void *const *Table;
typedef int32_t (*GetEnv)(Table *vm, Table **env, int32_t version);
typedef void *(*FindClass)(Table *env, const char *name);
typedef int32_t (*RegisterNatives)(Table *env, void *class, const Method *methods, int32_t count);

#ifdef NEEDS
extern int NEEDS(void);
#endif

static int32_t abi_version(Table *env, void *class) {
    (void)env;
    (void)class;
#ifdef NEEDS
    return NEEDS();
#else
    return ABI;
#endif
}

static void register_all(Table *env, void *class) {
    (void)env;
    (void)class;
}

int32_t JNI_OnLoad(Table *vm, void *reserved) {
    static const Method methods[] = {
        {"abiVersion", "()I", (void *)abi_version},
        {"register", "()V", (void *)register_all},
    };
    Table *env;
    void *class;
    (void)reserved;
#ifdef NO_NATIVES
    return VERSION;
#endif
    if (((GetEnv)(*vm)[6])(vm, &env, 0x00010008) != 0) return -1;
    class = ((FindClass)(*env)[6])(env, CLASS);
    if (!class) return -1;
    if (((RegisterNatives)(*env)[215])(env, class, methods, 2) != 0) return -1;
    return VERSION;
}
