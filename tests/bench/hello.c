/* The limit of libfcgi: the accept loop of its manual, which answers and knows nothing else. */
#include <fcgiapp.h>

int main(void)
{
    static const char answer[] = "Content-Type: text/plain\r\n\r\nok\n";
    FCGX_Request request;

    if (FCGX_Init() != 0 || FCGX_InitRequest(&request, 0, 0) != 0)
        return 1;
    while (FCGX_Accept_r(&request) == 0) {
        FCGX_PutStr(answer, (int)sizeof(answer) - 1, request.out);
        FCGX_Finish_r(&request);
    }
    return 0;
}
