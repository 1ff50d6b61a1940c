/* zoo.h - what behaviours may ask of main. */
#ifndef ZOO_ZOO_H
#define ZOO_ZOO_H

/* For a behaviour that does not return. */
void zoo_write_log(void);

#endif
