/* The program of the exec rows, linked statically: nothing but exec itself. */
int main(void)
{
	return 0;
}
