#include <stdio.h>
#include <string.h>
char data[100]="hello";
__attribute__((noinline)) void f(char *p){ memset(p, 7, 100000); }
int main(void){ char b[100000]; f(b); printf("%d %s\n", b[5], data); return 0; }
