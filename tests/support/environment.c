/* environment: a FastCGI program that says as JSON what it was told about the request. */
#include <fcgi_stdio.h>
#include <string.h>

extern char **environ;

static void put(const char *text, size_t len)
{
    putchar('"');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            putchar('\\');
        putchar((unsigned char)text[i] < ' ' ? ' ' : text[i]);
    }
    putchar('"');
}

int main(void)
{
    while (FCGI_Accept() >= 0) {
        printf("Content-Type: application/json\r\n\r\n{");
        for (char **pair = environ; *pair != NULL; pair++) {
            const char *value = strchr(*pair, '=');
            if (value == NULL)
                continue;
            if (pair != environ)
                putchar(',');
            put(*pair, (size_t)(value - *pair));
            putchar(':');
            put(value + 1, strlen(value + 1));
        }
        printf("}\n");
    }
    return 0;
}
