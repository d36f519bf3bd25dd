/* What the front and the supervisor say to each other, one message per packet. */
#ifndef UCTR_TRACER_PROTOCOL_H
#define UCTR_TRACER_PROTOCOL_H

enum message_type {
	/* supervisor to front */
	MESSAGE_STOPPED, /* the program was stopped by signal value: the front stops, too */
	MESSAGE_EXITED,	 /* all is over, the exit status of uctr is value */
	/* front to supervisor */
	MESSAGE_SIGNAL,	   /* send the program signal value */
	MESSAGE_RESUMED,   /* the front was stopped after a MESSAGE_STOPPED and runs again */
	MESSAGE_CONTINUED, /* the front got SIGCONT at another time: continue the program if it is stopped */
};

struct message {
	enum message_type type;
	int value;
};

#endif
