/* The program of the exec rows: nothing but the dynamic linker's work. */
int main(void)
{
	return 0;
}
