"""What is outside the program: built-in functions and methods, the standard library, natives."""
