/* The version that every program prints. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define TELLER_VERSION "0.1"

#endif
