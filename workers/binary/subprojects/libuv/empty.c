/* A static library needs a source file. */
typedef int empty;
