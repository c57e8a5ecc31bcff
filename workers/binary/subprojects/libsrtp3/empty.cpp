// A static library needs a source file.
